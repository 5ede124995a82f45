# Functions that rules share: settings by section, files by junction.
from dataclasses import replace

from qdjunction.engine.registry import EMBEDDED_ENGINE, ENGINES
from qdjunction.report.plan import (
    FIGURE_RECORD,
    files_of,
    overview_files_of,
    planned_figures,
)
from qdjunction.study.cases import ONE_JUNCTION, Batch
from qdjunction.study.study_file import RECORD, study_values

FIGURES = [] if study.is_screen else planned_figures(study)
SETTINGS = study_values(study)
OBSERVABLES = {
    entry.kind: entry.model_dump(mode="json")
    for entry in study.config.transport.observables
}
STRUCTURE_SERIES = {case.name: case for case in study.structure_series}
SLIDES = {case.name: case for case in study.slides}
ENGINE, EMBEDDED = ENGINES[study.config.engine], ENGINES[EMBEDDED_ENGINE]
SURFACE = study.config.electrodes.surface
ONE = Batch(0, ONE_JUNCTION)
ENSEMBLE = study.config.ensemble
SNAPSHOTS = {
    case.id: case.member for case in study.members if case.member.kind == "snapshots"
}
# Variants whose H is that of their dot with other levels.
CORRECTED = {
    case.id: case.member
    for case in study.variants
    if case.member.kind == "level-correction"
}


def settings(section):
    """Return a section of the checked configuration as plain values, which Snakemake compares with the last run."""
    return getattr(study.config, section).model_dump(mode="json")


def transport_settings():
    """Return the settings of T(E), without the observables, which do not affect it."""
    return without_observables(settings("transport"))


def without_observables(transport):
    """Return settings of T(E) without the observables."""
    return {key: value for key, value in transport.items() if key != "observables"}


# Plain values where nothing depends on the wildcards: Snakemake calls each function for each job.
def varied_transport():
    """Param function: the settings of T(E) of a dot; plain values without variants."""
    if not study.variants:
        return transport_settings()
    return lambda wildcards: without_observables(varied("transport")(wildcards))


def varied_engine():
    """Param function: the arguments of `make_engine` of a dot; plain values without variants."""
    if not study.variants:
        return engine_settings()
    return lambda wildcards: {
        "name": ENGINE.name,
        "settings": varied(ENGINE.name)(wildcards),
    }


def varied(section):
    """Param function: a section of the settings of a dot, which differ for variants; plain values without variants."""
    if not study.variants:
        return settings(section)
    return lambda wildcards: getattr(
        study.config_of(wildcards.dot), section
    ).model_dump(mode="json")


def series_temperature(wildcards):
    """Return the temperature of the conductances of a dot (K)."""
    return study.config_of(wildcards.dot).transport.temperature_k


def headline_settings():
    """Return the settings of the headline energy, on which the orbital rule depends."""
    return study.config.interference.headline


def engine_settings(kind=ENGINE):
    """Return the arguments of `make_engine`."""
    return {"name": kind.name, "settings": settings(kind.name)}


def environment(kind=ENGINE):
    """Return the file of the conda environment of an engine; that of another distribution has its own path."""
    # Snakemake itself looks for it only after the first job.
    if not (file := here / "envs" / kind.environment).is_file():
        raise WorkflowError(
            f"{file}: the engine '{kind.name}' names this conda environment, but there is no such file; add it"
        )
    return str(Path("../envs", kind.environment))


def relaxation_start(wildcards):
    """Return the geometry that the relaxation of a dot starts from, if it is not the structure as built."""
    if study.is_pre_relaxed(wildcards.dot):
        return "<results>/{dot}/pre_relaxed.extxyz"
    return study.relaxed_start(wildcards.dot) or []


def force_threshold(wildcards):
    """Force (eV/Ang) to which a dot, or a junction of it, is relaxed."""
    return study.config.relax.fmax(study.dot(wildcards.dot).atoms)


def density_before(batch):
    """Input function: H and S of the contact whose density starts the first SCF of a batch, with `seed_density`."""

    def file(wildcards):
        first = batch.contacts[0].format(**dict(wildcards.items()))
        before = study.junction_before(wildcards.dot, first)
        return f"<results>/{before.id}/hamiltonian.nc" if before else []

    return file if study.config.seed_density else []


def seeds(batch):
    """Param function: for each junction of a batch the one before it, from whose density its SCF starts."""

    def before(wildcards):
        return {
            name: found.name
            for name in contacts(batch)(wildcards)
            if (found := study.junction_before(wildcards.dot, name))
        }

    return before if study.config.seed_density else {}


def engine_files(gold=False):
    """Input function: files of the engine, such as pseudopotentials, for a dot with or without gold."""
    if not study.has_engine_files:
        return []
    return lambda wildcards: study.engine_files(wildcards.dot, gold)


def contacts(batch):
    """Param function: left and right contact of every junction that a job of a batch computes, by its name."""

    def pairs(wildcards):
        dot = study.dot(wildcards.dot)
        names = [name.format(**dict(wildcards.items())) for name in batch.contacts]
        return {name: dot.contacts[name] for name in names}

    return pairs


def geometry(wildcards):
    """Return the structure that goes between the tips: the relaxed dot, or that of a member or variant."""
    return f"<results>/{study.dot(wildcards.dot).geometry}"


def drawn_tips(wildcards):
    """Return how the tips of a member of an ensemble are drawn and the random seed; nothing for tips as built."""
    member = study.dot(wildcards.dot).member
    if member is None or member.kind != "tips":
        return {}
    spread = study.config.ensemble.tips.model_dump(mode="json", exclude={"members"})
    return {"spread": spread, "seed": member.seed}


def contacts_of_dot(wildcards):
    """Return the left and right contact of every junction of a dot, by its name."""
    return study.dot(wildcards.dot).contacts


def binding_contacts(wildcards):
    """Return left and right contact of the junction of a dot that has a binding curve."""
    return next(
        [junction.left, junction.right]
        for junction in study.binding
        if junction.dot == wildcards.dot
    )


def slide_start(wildcards):
    """Return the junction that a slide starts from."""
    return f"<results>/{SLIDES[wildcards.slide].junction.id}/junction.extxyz"


def slide_threshold(wildcards):
    """Force (eV/Ang) to which every step of a slide is relaxed."""
    own = SLIDES[wildcards.slide].settings.fmax_ev_per_ang
    return own or force_threshold(wildcards)


def controls_of_dot(wildcards):
    """Names of the junctions of a dot that are shown beside its series."""
    return [junction.name for junction in study.dot(wildcards.dot).controls]


def lead_files():
    """Return the files that the leads are read from, if their kind has any."""
    return list(study.config.transport.leads.files.values())


def electrode_file():
    """Return H and S of the electrode of bulk leads, if the tips stand on surfaces."""
    return "<results>/electrode/electrode.nc" if SURFACE else []


def of_junctions(name):
    """Input function: the file `name` of every junction of the dot that the wildcards name."""

    def files(wildcards):
        holder = study.holder(wildcards.dot, name)
        return [
            f"<results>/{holder}/{junction.name}/{name}"
            for junction in study.dot(wildcards.dot).junctions
        ]

    return files


def of_batch(batch, name):
    """Input function: the file `name` of the junctions of a batch; path patterns without variants."""
    if not study.variants:
        return in_results(batch.files(name))

    def files(wildcards):
        values = dict(wildcards.items()) | {"dot": study.holder(wildcards.dot, name)}
        return in_results(pattern.format(**values) for pattern in batch.files(name))

    return files


def own_scf(batch):
    """Return the regular expression of the dots of a batch whose junctions have an SCF."""
    if not CORRECTED:
        return batch.dot_pattern
    return f"(?!(?:{'|'.join(map(re.escape, CORRECTED))})/)(?:{batch.dot_pattern})"


def of_structures(pattern):
    """Input function: `pattern` for the junction of every structure of a series over structures."""

    def files(wildcards):
        members = STRUCTURE_SERIES[wildcards.series].junctions
        return [pattern.replace("{junction}", member.id) for member in members]

    return files


def results_folder(wildcards):
    """Return the results folder of the study, whatever the wildcards."""
    return study.config.results


def in_results(files):
    """Return the paths of files that are given relative to the results folder."""
    return [f"<results>/{file}" for file in files]


def reported(figure):
    """Return the SVG of a figure, flagged for `snakemake --report`."""
    return report(
        f"<results>/report/figures/{figure.stem}.svg",
        caption=figure.caption_file,
        category=(
            "Traces"
            if figure.traces
            else "Series over structures" if figure.series else figure.dot or "Model"
        ),
        labels={
            "figure": figure.title,
            "junction": figure.junction
            or figure.left
            or figure.traces
            or figure.series
            or "-",
        },
    )


def snapshot_before(wildcards):
    """Return the state that a snapshot goes on from; none for the first one."""
    member = SNAPSHOTS[wildcards.dot]
    if member.number == 1:
        return []
    return f"<results>/{replace(member, number=member.number - 1).id}/snapshot.npz"


def groups_of_dot(wildcards):
    """Param function: members and settings of every group of a dot, by kind."""
    members = study.members_by_dot[wildcards.dot]
    return {
        kind: {
            "members": [case.id for case in members if case.member.kind == kind],
            "settings": group.model_dump(mode="json"),
        }
        for kind, group in ENSEMBLE.groups.items()
        if any(case.member.kind == kind for case in members)
    }


def of_members(pattern):
    """Input function: `pattern` for every member of the dot that the wildcards name, group by group."""
    return lambda wildcards: [
        pattern.replace("{dot}", name)
        for group in groups_of_dot(wildcards).values()
        for name in group["members"]
    ]
