from qdjunction.report.plan import planned_figures

FIGURES = f"{study.config.results}/report/figures"


report: "../workflow/report/workflow.rst"


def results_of_study():
    """Files that figures and page are made from; no engine is needed for either."""
    dots = [dot.id for dot in study.dots]
    junctions = [junction.id for junction in study.junctions]
    return (
        expand(
            "<results>/{dot}/{file}",
            dot=dots,
            file=[
                "relaxed.extxyz",
                "relaxed.json",
                "hamiltonian.nc",
                "conductance.csv",
                "series.csv",
                "series.json",
            ],
        )
        + expand(
            "<results>/{junction}/{file}",
            junction=junctions,
            file=[
                "junction.extxyz",
                "transmission.nc",
                "frontier.json",
                "local_density.nc",
            ],
        )
        + ["<results>/chain.csv", "<results>/chain.json"]
    )


def reported(figure):
    """The SVG of a figure, flagged for `snakemake --report`."""
    return report(
        f"{FIGURES}/{figure.stem}.svg",
        caption=f"../workflow/qdjunction/report/templates/caption_{figure.kind}.rst",
        category=figure.dot or "Model",
        labels={
            "figure": figure.title,
            "junction": figure.junction or figure.left or "-",
        },
    )


rule figures:
    input:
        results_of_study(),
    output:
        svg=[reported(figure) for figure in planned_figures(study)],
        pdf=[f"{FIGURES}/{figure.stem}.pdf" for figure in planned_figures(study)],
        table=[f"{FIGURES}/{figure.stem}.csv" for figure in planned_figures(study)],
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
        results_of_study(),
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
