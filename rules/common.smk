# What the rules ask of the study: settings by section, files by junction, resources by size.
import inspect

from qdjunction.engine.registry import EMBEDDED_ENGINE, ENGINES
from qdjunction.report.plan import (
    FIGURE_RECORD,
    files_of,
    overview_files_of,
    planned_figures,
)
from qdjunction.study.table import ONE_JUNCTION, RECORD, Batch, study_values

FIGURES = [] if study.is_screen else planned_figures(study)
SETTINGS = study_values(study)
OBSERVABLES = {
    entry.kind: entry.model_dump(mode="json")
    for entry in study.config.transport.observables
}
ENGINE, EMBEDDED = ENGINES[study.config.engine], ENGINES[EMBEDDED_ENGINE]


def settings(section):
    """A section of the checked configuration as plain values, which Snakemake watches for changes."""
    return getattr(study.config, section).model_dump(mode="json")


def transport_settings():
    """The settings of T(E), on which no observable beside it has an effect."""
    return {
        key: value
        for key, value in settings("transport").items()
        if key != "observables"
    }


def headline_settings():
    """The settings of the headline energy, on which the orbital rule depends."""
    return study.config.interference.headline


def engine_settings(kind=ENGINE):
    """Arguments of `make_engine`."""
    return {"name": kind.name, "settings": settings(kind.name)}


def environment(kind=ENGINE):
    """File of the conda environment of an engine; one that comes with a distribution of its own has a path of its own."""
    # Snakemake itself looks only when the first job is done.
    if not (file := Path(workflow.basedir, "envs", kind.environment)).is_file():
        raise WorkflowError(
            f"{file}: the engine '{kind.name}' names this conda environment, but there is no such file; add it"
        )
    return str(Path("../envs", kind.environment))


def relaxation_start(wildcards):
    """Geometry that the relaxation of a dot starts from, if it is not the ideal lattice."""
    if study.is_pre_relaxed(wildcards.dot):
        return "<results>/{dot}/pre_relaxed.extxyz"
    return study.relaxed_start(wildcards.dot) or []


# Plain values where nothing depends on the wildcards: Snakemake pays for each function with each job.
def density_before(batch):
    """H and S of the contact whose density seeds that of the first one of a batch, where the study wants that."""

    def file(wildcards):
        first = batch.contacts[0].format(**dict(wildcards.items()))
        before = study.junction_before(wildcards.dot, first)
        return f"<results>/{before.id}/hamiltonian.nc" if before else []

    return file if study.config.seed_density else []


def seeds(batch):
    """Input function: for each junction of a batch the one before it, where that one's density is the start of its SCF."""

    def before(wildcards):
        return {
            name: found.name
            for name in contacts(batch)(wildcards)
            if (found := study.junction_before(wildcards.dot, name))
        }

    return before if study.config.seed_density else {}


def engine_files(gold=False):
    """Input function: files of the engine, such as pseudopotentials, for a dot with gold or without."""
    if not study.has_engine_files:
        return []
    return lambda wildcards: study.engine_files(wildcards.dot, gold)


def contacts(batch):
    """Input function: left and right contact of every junction that a job of a batch computes, by its name."""

    def pairs(wildcards):
        dot = study.dot(wildcards.dot)
        names = [name.format(**dict(wildcards.items())) for name in batch.contacts]
        return {name: dot.contacts[name] for name in names}

    return pairs


def contacts_of_dot(wildcards):
    """Left and right contact of every junction of a dot, by its name."""
    return study.dot(wildcards.dot).contacts


def electrode_file():
    """File of the bulk electrode, if the study has one."""
    return list(study.config.transport.leads.files.values())


def of_junctions(pattern):
    """Input function: `pattern` for every junction of the dot that the wildcards name."""

    def files(wildcards):
        return [
            pattern.replace("{dot}", wildcards.dot).replace("{junction}", junction.name)
            for junction in study.dot(wildcards.dot).junctions
        ]

    return files


def n_atoms(wildcards, with_gold):
    """Atoms of the dot, or of a junction with its two pyramids."""
    layers = study.config.electrodes.layers
    gold = 2 * sum(n * (n + 1) // 2 for n in range(1, layers + 1))
    return study.dot(wildcards.dot).atoms + (gold if with_gold else 0)


MOST_ATOMS = max((dot.atoms for dot in study.dots), default=0)


def small_first(wildcards):
    """Priority of the jobs of a dot: positive, the higher the fewer atoms it has, so that the first results come early."""
    return 1 + MOST_ATOMS - study.dot(wildcards.dot).atoms


ONE = Batch(0, ONE_JUNCTION)


def requested(estimate, engine=EMBEDDED, batch=None):
    """Resource function: what one attempt more asks more of, up to the limit of the configuration.

    Estimates are those of an engine; T(E), orbital rule and local density cost what the SCF of the embedded one does.
    With `batch`, for junctions instead of the dot alone.
    """
    of_atoms = getattr(engine, estimate)
    limits = study.config.resources
    limit = limits.max_mem_mb if estimate == "mem_mb" else limits.max_runtime_min
    number = len(batch.contacts) if batch and estimate != "mem_mb" else 1

    def amount(wildcards, attempt):
        one = round(of_atoms(n_atoms(wildcards, batch is not None)))
        return min(attempt * number * one, limit)

    # Snakemake looks the signature up nine times a job, which took a tenth of the planning.
    amount.__signature__ = inspect.signature(amount)
    return amount


def results_folder(wildcards):
    """Folder that the study's own results are read from, whatever job asks."""
    return study.config.results


def in_results(files):
    """Paths of files that are named from the results folder."""
    return [f"<results>/{file}" for file in files]


def reported(figure):
    """The SVG of a figure, flagged for `snakemake --report`."""
    return report(
        f"<results>/report/figures/{figure.stem}.svg",
        caption=figure.caption_file,
        category="Traces" if figure.traces else figure.dot or "Model",
        labels={
            "figure": figure.title,
            "junction": figure.junction or figure.left or figure.traces or "-",
        },
    )
