# A screening has thousands of junctions. A dot, its junctions and their T(E) are one job each, with the results that the
# jobs of rules/structure.smk and rules/steps.smk give, those of the junctions in packs: with four contacts a seventh of
# the jobs for Snakemake to plan, and a third of the files. They leave no benchmark files; records say how long steps took.
# A dot that another engine relaxes first keeps the jobs of rules/structure.smk.
IN_ONE_JOB = study.config.engine == "xtb"

if not IN_ONE_JOB:

    include: "structure.smk"


rule screen_dot:
    input:
        structure=[] if IN_ONE_JOB else "<results>/{dot}/dot.extxyz",
        start=relaxation_start,
        pseudopotentials=pseudopotentials(),
    output:
        built=(
            ["<results>/{dot}/dot.extxyz", "<results>/{dot}/dot.json"]
            if IN_ONE_JOB
            else []
        ),
        structure="<results>/{dot}/relaxed.extxyz",
        record="<results>/{dot}/relaxed.json",
        hamiltonian="<results>/{dot}/hamiltonian.nc",
    log:
        "<logs>/{dot}/screen.log",
    conda:
        f"../envs/{study.config.engine}.yaml"
    threads: 2
    resources:
        mem_mb=asked("mem_mb", study.config.engine),
        runtime=asked("relax_min", study.config.engine),
    params:
        entry=entry_of_dot if IN_ONE_JOB else None,
        definition=definition_of_dot if IN_ONE_JOB else None,
        engine=engine_settings(),
        fmax_ev_per_ang=lambda wildcards: study.config.relax.fmax(
            study.dot(wildcards.dot).atoms
        ),
        max_steps=study.config.relax.max_steps,
        workdir=f"{study.config.results}/work/{{dot}}",
    script:
        "../workflow/scripts/screen_dot.py"


rule screen_junctions:
    input:
        structure="<results>/{dot}/relaxed.extxyz",
        pseudopotentials=pseudopotentials(gold=True),
    output:
        "<results>/{dot}/junctions.zip",
    log:
        "<logs>/{dot}/junctions.log",
    conda:
        f"../envs/{study.config.engine}.yaml"
    threads: 2
    resources:
        mem_mb=asked("mem_mb", study.config.engine, at_contacts=True),
        runtime=asked("scf_min", study.config.engine, at_contacts=True),
    params:
        contacts=contacts_of_dot,
        electrodes=settings("electrodes"),
        engine=engine_settings(),
        workdir=f"{study.config.results}/work/{{dot}}",
        seed_density=study.config.seed_density,
    script:
        "../workflow/scripts/screen_junctions.py"


rule screen_transport:
    input:
        junctions="<results>/{dot}/junctions.zip",
        electrode=electrode_file(),
    output:
        pack="<results>/{dot}/transport.zip",
        conductance="<results>/{dot}/conductance.csv",
        series="<results>/{dot}/series.csv",
        summary="<results>/{dot}/series.json",
    log:
        "<logs>/{dot}/transport.log",
    conda:
        "../envs/python.yaml"
    threads: 2
    resources:
        mem_mb=asked("mem_mb", at_contacts=True),
        runtime=asked("scf_min", at_contacts=True),
    params:
        contacts=contacts_of_dot,
        transport=settings("transport"),
        interference=settings("interference"),
        workdir=f"{study.config.results}/work/{{dot}}",
        cache=f"{study.config.results}/cache",
    script:
        "../workflow/scripts/screen_transport.py"


# Local densities are computed from single files, and the page of a dot is made from them; both only on demand.
rule unpack:
    input:
        junctions="<results>/{dot}/junctions.zip",
        transport="<results>/{dot}/transport.zip",
    output:
        junctions=[f"<results>/{{dot}}/{{junction}}/{name}" for name in JUNCTION_FILES],
        transport=[f"<results>/{{dot}}/{{junction}}/{name}" for name in TRANSPORT_FILES],
    log:
        "<logs>/{dot}/{junction}/unpack.log",
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../workflow/scripts/unpack.py"


# The report of a screening: an overview of all dots, and on demand the page of one,
# `snakemake results/12Pb_MAPbBr3/report/index.html`. Local densities are computed for such pages only.
rule overview:
    input:
        in_results(overview_files_of(study)),
        # Holds the failures of junctions; without it their series would do, and nothing would be tried again.
        packs=in_results(f"{dot.id}/transport.zip" for dot in study.dots),
    output:
        page="<results>/report/index.html",
        table="<results>/report/overview.csv",
        study=f"<results>/{RECORD}",
    log:
        "<logs>/overview.log",
    benchmark:
        "<benchmarks>/overview.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        values=SETTINGS,
        results=results_folder,
    script:
        "../workflow/scripts/overview.py"


rule dot_report:
    input:
        lambda wildcards: in_results(files_of(study.only(wildcards.dot))),
    output:
        page="<results>/{dot}/report/index.html",
        figures=directory("<results>/{dot}/report/figures"),
    log:
        "<logs>/{dot}/report.log",
    benchmark:
        "<benchmarks>/{dot}/report.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        values=SETTINGS,
        results=results_folder,
    script:
        "../workflow/scripts/dot_report.py"
