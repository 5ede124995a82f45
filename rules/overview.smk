# The report of a screening: an overview of all dots, and on demand the page of one,
# `snakemake results/12Pb_MAPbBr3/report/index.html`. Local densities are computed only for such pages.
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
        mem_mb=growing(2000, MAX_MEM_MB),
        runtime=growing(60, MAX_RUNTIME_MIN),
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
    priority: small_first
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=growing(2000, MAX_MEM_MB),
        runtime=growing(20, MAX_RUNTIME_MIN),
    params:
        values=SETTINGS,
        results=results_folder,
    script:
        "../workflow/scripts/dot_report.py"
