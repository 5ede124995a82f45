report: "../workflow/report/workflow.rst"


rule figures:
    input:
        results_of(study.dots),
    output:
        svg=[reported(figure) for figure in FIGURES],
        pdf=[f"<results>/report/figures/{figure.stem}.pdf" for figure in FIGURES],
        table=[f"<results>/report/figures/{figure.stem}.csv" for figure in FIGURES],
    log:
        "<logs>/figures.log",
    benchmark:
        "<benchmarks>/figures.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        config=study.config.model_dump(mode="json"),
        catalogue=str(study.catalogue),
    script:
        "../workflow/scripts/figures.py"


rule report:
    input:
        results_of(study.dots),
        figures=rules.figures.output.svg,
    output:
        "<results>/report/index.html",
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        config=study.config.model_dump(mode="json"),
        catalogue=str(study.catalogue),
    script:
        "../workflow/scripts/report.py"
