# A screening has thousands of junctions. A dot and a junction are one job each, with the results that the jobs of
# rules/structure.smk and rules/steps.smk give: Snakemake has a third of them to plan, and each starts Python once.
# They leave no benchmark files, for there are files enough; records say how long steps took.
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


rule screen_junction:
    input:
        structure="<results>/{dot}/relaxed.extxyz",
        before=density_before("<results>/{dot}/{junction}/hamiltonian.nc"),
        pseudopotentials=pseudopotentials(gold=True),
        electrode=electrode_file(),
    output:
        structure="<results>/{dot}/{junction}/junction.extxyz",
        record="<results>/{dot}/{junction}/junction.json",
        hamiltonian="<results>/{dot}/{junction}/hamiltonian.nc",
        transmission="<results>/{dot}/{junction}/transmission.nc",
        frontier="<results>/{dot}/{junction}/frontier.json",
    log:
        "<logs>/{dot}/{junction}/screen.log",
    conda:
        f"../envs/{study.config.engine}.yaml"
    threads: 2
    resources:
        mem_mb=asked("mem_mb", study.config.engine),
        runtime=asked("scf_min", study.config.engine),
    params:
        contacts=contacts,
        electrodes=settings("electrodes"),
        engine=engine_settings(),
        workdir=f"{study.config.results}/work/{{dot}}/{{junction}}/hamiltonian",
        density_from=density_before(
            f"{study.config.results}/work/{{dot}}/{{junction}}/hamiltonian"
        ),
        transport=settings("transport"),
        cache=f"{study.config.results}/cache",
        interference=settings("interference"),
    script:
        "../workflow/scripts/screen_junction.py"


# The report of a screening: an overview of all dots, and on demand the page of one,
# `snakemake results/12Pb_MAPbBr3/report/index.html`. Local densities are computed for such pages only.
rule overview:
    input:
        in_results(overview_files_of(study)),
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
