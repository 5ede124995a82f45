rule chain:
    output:
        table="<results>/chain.csv",
        summary="<results>/chain.json",
    log:
        "<logs>/chain.log",
    benchmark:
        "<benchmarks>/chain.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        interference=settings("interference"),
    script:
        "../workflow/scripts/chain.py"
