# Ensembles. Members are dots of their own for all other rules. Included only if the configuration has the section
# `ensemble`.
from dataclasses import replace

ENSEMBLE = study.config.ensemble
SNAPSHOTS = {
    case.id: case.member for case in study.members if case.member.kind == "snapshots"
}


def snapshot_before(wildcards):
    """Return the state that a snapshot goes on from; none for the first one."""
    member = SNAPSHOTS[wildcards.dot]
    if member.number == 1:
        return []
    return f"<results>/{replace(member, number=member.number - 1).id}/snapshot.npz"


def snapshot_runtime(wildcards, attempt):
    """Resource function: every step is an SCF that starts from the one before."""
    steps = ENSEMBLE.snapshots.steps(SNAPSHOTS[wildcards.dot].number)
    seconds = steps * 3 * ENGINE.step_s(n_atoms(wildcards, with_gold=False))
    return min(
        attempt * (10 + round(seconds / 60)), study.config.resources.max_runtime_min
    )


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


# One job per snapshot, so that those of finished ones need not wait, and more can be added later.
rule snapshot:
    input:
        relaxed=lambda wildcards: f"<results>/{SNAPSHOTS[wildcards.dot].of}/relaxed.extxyz",
        built=lambda wildcards: f"<results>/{SNAPSHOTS[wildcards.dot].of}/dot.extxyz",
        before=snapshot_before,
        engine_files=engine_files(),
    output:
        structure="<results>/{dot}/snapshot.extxyz",
        state="<results>/{dot}/snapshot.npz",
        record="<results>/{dot}/snapshot.json",
    log:
        "<logs>/{dot}/snapshot.log",
    benchmark:
        "<benchmarks>/{dot}/snapshot.tsv"
    wildcard_constraints:
        dot="|".join(map(re.escape, SNAPSHOTS)) or "(?!)",
    priority: small_first
    conda:
        environment()
    threads: ENGINE.threads
    resources:
        mem_mb=requested("mem_mb", ENGINE),
        runtime=snapshot_runtime,
    params:
        engine=engine_settings(),
        thermostat=ENSEMBLE.snapshots.thermostat if ENSEMBLE.snapshots else {},
        steps=lambda wildcards: ENSEMBLE.snapshots.steps(
            SNAPSHOTS[wildcards.dot].number
        ),
        seed=lambda wildcards: SNAPSHOTS[wildcards.dot].seed,
        workdir=f"{study.config.results}/work/{{dot}}/dynamics",
    script:
        "../workflow/scripts/snapshot.py"


rule ensemble:
    input:
        summary="<results>/{dot}/series.json",
        members=of_members("<results>/{dot}/series.json"),
    output:
        table="<results>/{dot}/ensemble.csv",
        record="<results>/{dot}/ensemble.json",
    log:
        "<logs>/{dot}/ensemble.log",
    benchmark:
        "<benchmarks>/{dot}/ensemble.tsv"
    wildcard_constraints:
        dot="|".join(map(re.escape, study.members_by_dot)),
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        groups=groups_of_dot,
        interference=settings("interference"),
    script:
        "../workflow/scripts/ensemble.py"
