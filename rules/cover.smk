# Ligands on a slab: each structure is built and relaxed by a job of its own, as a dot is, and has no H and S. Slabs with
# ligands start from the relaxed one without any, so that all have its tilted octahedra.
from qdjunction.study.cover import BARE

COVER = study.config.cover
COVER_MEMBER = "|".join(map(re.escape, study.cover_members))
COVER_LIGATED = [
    name
    for name, member in study.cover_members.items()
    if member.role == "slab" and member.ligand
]


def cover_engine(kind):
    """Param function: the arguments of `make_engine` of a slab or an ion pair."""

    def arguments(wildcards):
        is_slab = study.cover_members[wildcards.dot].role == "slab"
        # A relaxation before DFT has the Gamma point alone.
        points = COVER.kpoints if kind is ENGINE else (1, 1)
        return engine_settings(kind) | ({"slab": list(points)} if is_slab else {})

    return arguments


use rule dot as cover_structure with:
    output:
        structure="<results>/cover/{dot}/dot.extxyz",
        record="<results>/cover/{dot}/dot.json",
    log:
        "<logs>/cover/{dot}/dot.log",
    benchmark:
        "<benchmarks>/cover/{dot}/dot.tsv"
    wildcard_constraints:
        dot="|".join(
            re.escape(name)
            for name in study.cover_members
            if name not in COVER_LIGATED
        ),


rule cover_ligands:
    input:
        lambda wildcards: study.dot(wildcards.dot).entry.input_files(),
        slab=(
            f"<results>/cover/{BARE}/pre_relaxed.extxyz"
            if study.pre_relaxes
            else f"<results>/cover/{BARE}/relaxed.extxyz"
        ),
    output:
        structure="<results>/cover/{dot}/dot.extxyz",
        record="<results>/cover/{dot}/dot.json",
    log:
        "<logs>/cover/{dot}/dot.log",
    benchmark:
        "<benchmarks>/cover/{dot}/dot.tsv"
    wildcard_constraints:
        dot="|".join(map(re.escape, COVER_LIGATED)),
    priority: small_first
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=growing(1000, MAX_MEM_MB),
        runtime=growing(10, MAX_RUNTIME_MIN),
    params:
        settings=lambda wildcards: study.dot(wildcards.dot).entry.build_values(),
        definition=lambda wildcards: study.dot(wildcards.dot).definition.model_dump(
            mode="json"
        ),
    script:
        "../workflow/scripts/cover_ligands.py"


if study.pre_relaxes:

    use rule pre_relax as cover_pre_relax with:
        input:
            structure="<results>/cover/{dot}/dot.extxyz",
        output:
            structure="<results>/cover/{dot}/pre_relaxed.extxyz",
            record="<results>/cover/{dot}/pre_relaxed.json",
        log:
            "<logs>/cover/{dot}/pre_relax.log",
        benchmark:
            "<benchmarks>/cover/{dot}/pre_relax.tsv"
        wildcard_constraints:
            dot=COVER_MEMBER,
        params:
            engine=cover_engine(EMBEDDED),
            workdir=f"{study.config.results}/work/cover/{{dot}}/pre_relax",


# Not derived from `relax`, which also computes H and S.
rule cover_relax:
    input:
        structure="<results>/cover/{dot}/dot.extxyz",
        start=("<results>/cover/{dot}/pre_relaxed.extxyz" if study.pre_relaxes else []),
        engine_files=engine_files(),
    output:
        structure="<results>/cover/{dot}/relaxed.extxyz",
        record="<results>/cover/{dot}/relaxed.json",
    log:
        "<logs>/cover/{dot}/relax.log",
    benchmark:
        "<benchmarks>/cover/{dot}/relax.tsv"
    wildcard_constraints:
        dot=COVER_MEMBER,
    priority: small_first
    conda:
        environment()
    threads: ENGINE.threads
    resources:
        mem_mb=requested("mem_mb", ENGINE),
        runtime=requested("relax_min", ENGINE),
    params:
        engine=cover_engine(ENGINE),
        fmax_ev_per_ang=force_threshold,
        max_steps=study.config.relax.max_steps,
        workdir=f"{study.config.results}/work/cover/{{dot}}/relax",
    script:
        "../workflow/scripts/relax.py"


if COVER.vibrations:

    rule vibrations:
        input:
            structure="<results>/cover/{dot}/relaxed.extxyz",
            engine_files=engine_files(),
        output:
            "<results>/cover/{dot}/vibrations.json",
        log:
            "<logs>/cover/{dot}/vibrations.log",
        benchmark:
            "<benchmarks>/cover/{dot}/vibrations.tsv"
        wildcard_constraints:
            dot="|".join(map(re.escape, COVER.vibrating())),
        priority: small_first
        conda:
            environment()
        threads: ENGINE.threads
        resources:
            mem_mb=requested("mem_mb", ENGINE),
            runtime=requested("relax_min", ENGINE),
        params:
            engine=cover_engine(ENGINE),
            temperature_k=COVER.temperature_k,
            workdir=f"{study.config.results}/work/cover/{{dot}}/vibrations",
        script:
            "../workflow/scripts/vibrations.py"


rule cover:
    input:
        relaxations=[
            f"<results>/cover/{name}/relaxed.json" for name in study.cover_members
        ],
        vibrations=[
            f"<results>/cover/{name}/vibrations.json" for name in COVER.vibrating()
        ],
    output:
        table="<results>/cover.csv",
        summary="<results>/cover.json",
    log:
        "<logs>/cover.log",
    benchmark:
        "<benchmarks>/cover.tsv"
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000, MAX_MEM_MB),
        runtime=growing(10, MAX_RUNTIME_MIN),
    params:
        names=list(study.cover_members),
        vibrating=list(COVER.vibrating()),
        cover=settings("cover"),
    script:
        "../workflow/scripts/cover.py"
