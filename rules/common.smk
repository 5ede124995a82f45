# What the rules ask of the study: settings by section, files by junction, resources by size.
from qdjunction.report.plan import (
    FIGURE_RECORD,
    files_of,
    overview_files_of,
    planned_figures,
)
from qdjunction.study import RECORD, study_values

FIGURES = [] if study.is_screen else planned_figures(study)
SETTINGS = study_values(study)


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


# Fitted to the benchmark files of the shipped study (GFN1-xTB): docs/cluster.md has the numbers. Each attempt asks for more.
def engine_mem_mb(wildcards, attempt):
    """Memory of an SCF or of T(E): Python and Snakemake, and dense matrices that grow as the square of the atoms."""
    return min(
        attempt * (1000 + round(0.008 * n_atoms(wildcards) ** 2)),
        study.config.resources.max_mem_mb,
    )


def scf_runtime_min(wildcards, attempt):
    """Time of an SCF or of T(E), which grows as the cube of the atoms."""
    return min(
        attempt * (10 + round(2e-7 * n_atoms(wildcards) ** 3)),
        study.config.resources.max_runtime_min,
    )


def relax_runtime_min(wildcards, attempt):
    """Time of a relaxation, hundreds of SCFs that each start from the one before; it goes on where it was stopped."""
    return min(
        attempt * (20 + round(1e-5 * n_atoms(wildcards) ** 3)),
        study.config.resources.max_runtime_min,
    )


def in_results(files):
    """Paths of files that are named from the results folder."""
    return [f"<results>/{file}" for file in files]


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
