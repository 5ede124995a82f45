# Ensembles. Members are dots of their own for all other rules. Included only if the configuration has the section
# `ensemble`.
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
    # Before all other jobs: each snapshot waits for the one before it.
    priority: 1 + MOST_ATOMS
    conda:
        environment()
    threads: ENGINE.threads
    resources:
        mem_mb=requested("mem_mb", ENGINE),
        runtime=growing(snapshot_min, MAX_RUNTIME_MIN),
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
        mem_mb=growing(1000, MAX_MEM_MB),
        runtime=growing(10, MAX_RUNTIME_MIN),
    params:
        groups=groups_of_dot,
        interference=settings("interference"),
    script:
        "../workflow/scripts/ensemble.py"
