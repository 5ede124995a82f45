report: "../workflow/report/workflow.rst"


rule figures:
    input:
        in_results(files_of(study)),
    output:
        svg=[reported(figure) for figure in FIGURES],
        pdf=[f"<results>/report/figures/{figure.stem}.pdf" for figure in FIGURES],
        table=[f"<results>/report/figures/{figure.stem}.csv" for figure in FIGURES],
        record=f"<results>/report/figures/{FIGURE_RECORD}",
    log:
        "<logs>/figures.log",
    benchmark:
        "<benchmarks>/figures.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=growing(2000, MAX_MEM_MB),
        runtime=growing(20, MAX_RUNTIME_MIN),
    params:
        values=SETTINGS,
        results=results_folder,
    script:
        "../workflow/scripts/figures.py"


rule report:
    input:
        in_results(files_of(study)),
        figures=rules.figures.output.svg,
        record=rules.figures.output.record,
    output:
        page="<results>/report/index.html",
        study=f"<results>/{RECORD}",
        paper="<results>/report/paper.csv" if study.config.paper else [],
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=growing(2000, MAX_MEM_MB),
        runtime=growing(20, MAX_RUNTIME_MIN),
    params:
        values=SETTINGS,
        results=results_folder,
    script:
        "../workflow/scripts/report.py"
