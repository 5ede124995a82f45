rule series:
    input:
        transmissions=of_junctions("transmission.nc"),
        frontiers=of_junctions("frontier.json"),
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
        mem_mb=growing(1000, MAX_MEM_MB),
        runtime=growing(10, MAX_RUNTIME_MIN),
    params:
        contacts=contacts_of_dot,
        controls=controls_of_dot,
        temperature_k=series_temperature,
        interference=varied("interference"),
    script:
        "../workflow/scripts/series.py"


if study.pair_dots:

    rule pairs:
        input:
            hamiltonian="<results>/{dot}/hamiltonian.nc",
            series="<results>/{dot}/series.json",
        output:
            table="<results>/{dot}/pairs.csv",
            summary="<results>/{dot}/pairs.json",
        log:
            "<logs>/{dot}/pairs.log",
        benchmark:
            "<benchmarks>/{dot}/pairs.tsv"
        priority: small_first
        conda:
            "../envs/python.yaml"
        threads: 1
        resources:
            mem_mb=requested("mem_mb"),
            runtime=requested("scf_min"),
        params:
            contacts=contacts_of_dot,
            interference=headline_settings(),
        script:
            "../workflow/scripts/pairs.py"


if study.joined_dots:

    rule coupling:
        input:
            hamiltonians=[
                f"<results>/{dot.id}/hamiltonian.nc" for dot in study.joined_dots
            ],
        output:
            table="<results>/coupling.csv",
            summary="<results>/coupling.json",
        log:
            "<logs>/coupling.log",
        benchmark:
            "<benchmarks>/coupling.tsv"
        conda:
            "../envs/python.yaml"
        threads: 1
        resources:
            mem_mb=growing(
                round(EMBEDDED.mem_mb(max(dot.atoms for dot in study.joined_dots))),
                MAX_MEM_MB,
            ),
            runtime=growing(
                round(
                    sum(1 + EMBEDDED.scf_min(dot.atoms) for dot in study.joined_dots)
                ),
                MAX_RUNTIME_MIN,
            ),
        params:
            names=[dot.id for dot in study.joined_dots],
            confidence=study.config.interference.confidence,
        script:
            "../workflow/scripts/coupling.py"


if study.config.exciton:

    rule exciton:
        input:
            **({"coupling": "<results>/coupling.json"} if study.joined_dots else {}),
        output:
            table="<results>/exciton.csv",
            summary="<results>/exciton.json",
        log:
            "<logs>/exciton.log",
        benchmark:
            "<benchmarks>/exciton.tsv"
        conda:
            "../envs/python.yaml"
        resources:
            mem_mb=growing(1000, MAX_MEM_MB),
            runtime=growing(10, MAX_RUNTIME_MIN),
        params:
            exciton=settings("exciton"),
        script:
            "../workflow/scripts/exciton.py"


if study.region_dots:

    rule regions:
        input:
            structure="<results>/{dot}/dot.extxyz",
            hamiltonian="<results>/{dot}/hamiltonian.nc",
        output:
            "<results>/{dot}/regions.json",
        log:
            "<logs>/{dot}/regions.log",
        benchmark:
            "<benchmarks>/{dot}/regions.tsv"
        priority: small_first
        conda:
            "../envs/python.yaml"
        threads: 1
        resources:
            mem_mb=requested("mem_mb"),
            runtime=requested("scf_min"),
        script:
            "../workflow/scripts/regions.py"


if study.reaction_dots:

    rule reactions:
        input:
            relaxations=[
                f"<results>/{dot.id}/relaxed.json" for dot in study.reaction_dots
            ],
        output:
            table="<results>/reactions.csv",
            summary="<results>/reactions.json",
        log:
            "<logs>/reactions.log",
        benchmark:
            "<benchmarks>/reactions.tsv"
        conda:
            "../envs/python.yaml"
        threads: 1
        resources:
            mem_mb=growing(1000, MAX_MEM_MB),
            runtime=growing(10, MAX_RUNTIME_MIN),
        params:
            names=[dot.id for dot in study.reaction_dots],
            reactions=[
                entry.model_dump(mode="json") for entry in study.config.reactions
            ],
        script:
            "../workflow/scripts/reactions.py"


if study.structure_series:

    rule structure_series:
        input:
            transmissions=of_structures("<results>/{junction}/transmission.nc"),
            frontiers=of_structures("<results>/{junction}/frontier.json"),
        output:
            conductance="<results>/series/{series}/conductance.csv",
            series="<results>/series/{series}/series.csv",
            summary="<results>/series/{series}/series.json",
        log:
            "<logs>/series/{series}/structure_series.log",
        benchmark:
            "<benchmarks>/series/{series}/structure_series.tsv"
        conda:
            "../envs/python.yaml"
        resources:
            mem_mb=growing(1000, MAX_MEM_MB),
            runtime=growing(10, MAX_RUNTIME_MIN),
        params:
            series=lambda wildcards: STRUCTURE_SERIES[
                wildcards.series
            ].settings.model_dump(mode="json"),
            junctions=lambda wildcards: [
                [junction.dot, junction.name]
                for junction in STRUCTURE_SERIES[wildcards.series].junctions
            ],
            temperature_k=study.config.transport.temperature_k,
            decay=study.config.interference.decay,
        script:
            "../workflow/scripts/structure_series.py"


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
        mem_mb=growing(1000, MAX_MEM_MB),
        runtime=growing(10, MAX_RUNTIME_MIN),
    params:
        interference=settings("interference"),
    script:
        "../workflow/scripts/chain.py"
