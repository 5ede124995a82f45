"""File names of the results of a study, each defined once."""

# Of a dot, in its folder
DOT = "dot.extxyz"
DOT_RECORD = "dot.json"
PRE_RELAXED = "pre_relaxed.extxyz"
PRE_RELAXATION = "pre_relaxed.json"
RELAXED = "relaxed.extxyz"
RELAXATION = "relaxed.json"
HAMILTONIAN = "hamiltonian.nc"
CONDUCTANCE = "conductance.csv"
SERIES_TABLE = "series.csv"
SERIES = "series.json"
REGIONS = "regions.json"
PAIR_TABLE = "pairs.csv"
PAIRS = "pairs.json"
BINDING_TABLE = "binding.csv"
BINDING = "binding.json"
ENSEMBLE_TABLE = "ensemble.csv"
ENSEMBLE = "ensemble.json"

# Of a slide, in its folder in `SLIDES` of the dot's folder
SLIDES = "slides"
SLIDE_TABLE = "slide.csv"
SLIDE = "slide.json"
SLIDE_TRANSMISSION = "slide.nc"
SLIDE_PATH = "slide.extxyz"

# Of a thermal snapshot, in the folder of the member
SNAPSHOT = "snapshot.extxyz"
SNAPSHOT_RECORD = "snapshot.json"
SNAPSHOT_STATE = "snapshot.npz"

# Of a junction, in its subfolder of the dot's folder, beside its own `HAMILTONIAN`, `PRE_RELAXED` and `PRE_RELAXATION`
JUNCTION = "junction.extxyz"
JUNCTION_RELAXATION = "junction.json"
TRANSMISSION = "transmission.nc"
FRONTIER = "frontier.json"
LOCAL_DENSITY = "local_density.nc"

# Of a set of traces or a bias series, in its folder in `TRACES`
TRACES = "traces"
SIMULATED = "traces.parquet"
TRUTH = "truth.csv"
SIMULATION = "simulation.json"
JUMPS = "jumps.parquet"
HISTOGRAMS = "histograms.nc"
SELECTION = "summary.json"
BIAS_FIT = "simmons.json"


def analysis_files(name: str) -> tuple[str, str]:
    """Return the table and the summary of an analysis of a set of traces, in the folder of the set."""
    return f"{name}.csv", f"{name}.json"


# Of a series over structures, in its folder in `STRUCTURE_SERIES`, with names as those of a dot
STRUCTURE_SERIES = "series"

# Of a structure of a cover, in its folder in `COVER`, beside those of a dot
COVER = "cover"
VIBRATIONS = "vibrations.json"

# Of the study
STUDY = "study.json"
COUPLING_TABLE = "coupling.csv"
COUPLING = "coupling.json"
EXCITON_TABLE = "exciton.csv"
EXCITON = "exciton.json"
REACTION_TABLE = "reactions.csv"
REACTIONS = "reactions.json"
COVER_TABLE = "cover.csv"
COVER_RECORD = "cover.json"
CHAIN_TABLE = "chain.csv"
CHAIN = "chain.json"
REPORT = "report"
PAGE = "index.html"
PAPER_TABLE = "paper.csv"
OVERVIEW_TABLE = "overview.csv"
FIGURES = "figures"
FIGURE_RECORD = "figures.json"

# Of the electrode of bulk leads, in its folder
ELECTRODE = "electrode"
ELECTRODE_STRUCTURE = "electrode.extxyz"
ELECTRODE_HAMILTONIAN = (
    "electrode.nc"  # not the name of a dot's, of which it would be that of the dot `electrode`
)

# Folders beside the results
BENCHMARKS = "benchmarks"
CACHE = "cache"
LOGS = "logs"
WORK = "work"
