rule series:
    input:
        transmissions=of_junctions("<results>/{dot}/{junction}/transmission.nc"),
        frontiers=of_junctions("<results>/{dot}/{junction}/frontier.json"),
    output:
        conductance="<results>/{dot}/conductance.csv",
        series="<results>/{dot}/series.csv",
        summary="<results>/{dot}/series.json",
    log:
        "<logs>/{dot}/series.log",
    benchmark:
        "<benchmarks>/{dot}/series.tsv"
    priority: small_first
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        contacts=contacts_of_dot,
        temperature_k=study.config.transport.temperature_k,
        interference=settings("interference"),
    script:
        "../workflow/scripts/series.py"


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
