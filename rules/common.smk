# What the rules ask of the study: settings by section, files by junction, resources by size.
from qdjunction.report.plan import planned_figures

FIGURES = planned_figures(study)


def settings(section):
    """A section of the checked configuration as plain values, which Snakemake watches for changes."""
    return getattr(study.config, section).model_dump(mode="json")


def engine_settings(name=study.config.engine):
    """Arguments of `make_engine`."""
    return {"name": name, "settings": settings(name)}


def relaxation_start(wildcards):
    """Geometry that the relaxation of a dot starts from, if it is not the ideal lattice."""
    if study.is_pre_relaxed(wildcards.dot):
        return "<results>/{dot}/pre_relaxed.extxyz"
    return study.relaxed_start(wildcards.dot) or []


def density_before(pattern):
    """Input function: `pattern` for the contact whose density seeds that of the junction, if there is one."""

    def file(wildcards):
        before = study.junction_before(wildcards.dot, wildcards.junction)
        return pattern.format(dot=before.dot, junction=before.name) if before else []

    return file


def electrode_file():
    """File of the bulk electrode, if the study has one."""
    return study.config.transport.leads.electrode or []


def of_junctions(pattern):
    """Input function: `pattern` for every junction of the dot that the wildcards name."""

    def files(wildcards):
        return [
            pattern.replace("{dot}", wildcards.dot).replace("{junction}", junction.name)
            for junction in study.dot(wildcards.dot).junctions
        ]

    return files


def n_atoms(wildcards):
    """Atoms of the dot, or of the junction with its two pyramids."""
    dot = study.dot(wildcards.dot).atoms
    layers = study.config.electrodes.layers
    gold = 2 * sum(n * (n + 1) // 2 for n in range(1, layers + 1))
    return dot + (gold if hasattr(wildcards, "junction") else 0)


def engine_mem_mb(wildcards, attempt):
    """Memory of an SCF: dense matrices of about four orbitals an atom, a score of them at once."""
    return attempt * (1000 + round(20 * 8 * (4 * n_atoms(wildcards)) ** 2 / 1e6))


def relax_runtime_min(wildcards, attempt):
    return attempt * (20 + n_atoms(wildcards) ** 2 // 100)


def scf_runtime_min(wildcards, attempt):
    return attempt * (10 + n_atoms(wildcards) ** 2 // 2000)


def results_of_study():
    """Files that figures and page are made from; no engine is needed for either."""
    dots = [dot.id for dot in study.dots]
    junctions = [junction.id for junction in study.junctions]
    return (
        expand(
            "<results>/{dot}/{file}",
            dot=dots,
            file=[
                "relaxed.extxyz",
                "relaxed.json",
                "hamiltonian.nc",
                "conductance.csv",
                "series.csv",
                "series.json",
            ],
        )
        + expand(
            "<results>/{junction}/{file}",
            junction=junctions,
            file=[
                "junction.extxyz",
                "transmission.nc",
                "frontier.json",
                "local_density.nc",
            ],
        )
        + ["<results>/chain.csv", "<results>/chain.json"]
        + results_of_traces()
    )


def results_of_traces():
    """The same of the sets of traces, if the study has any."""
    traces = study.config.traces
    if not traces:
        return []
    analysed = ["jumps.parquet", "histograms.nc", "summary.json", "plateaus.csv"]
    analysed += ["plateaus.json", "classes.csv", "classes.json"]
    predicted = [entry.name for entry in traces.predictions]
    sets = [entry.name for entry in traces.sets] + predicted
    series = [entry.name for entry in traces.bias_series]
    return (
        expand("<results>/traces/{set}/{file}", set=sets, file=analysed)
        + expand(
            "<results>/traces/{set}/{file}",
            set=predicted,
            file=["truth.csv", "simulation.json"],
        )
        + expand("<results>/traces/{series}/simmons.json", series=series)
    )


def reported(figure):
    """The SVG of a figure, flagged for `snakemake --report`."""
    return report(
        f"<results>/report/figures/{figure.stem}.svg",
        caption=f"../workflow/qdjunction/report/templates/caption_{figure.kind}.rst",
        category="Traces" if figure.traces else figure.dot or "Model",
        labels={
            "figure": figure.title,
            "junction": figure.junction or figure.left or figure.traces or "-",
        },
    )
