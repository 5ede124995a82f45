# From a dot to the series of its junctions, a job a step; a screening has rules/screen.smk instead.
rule relax:
    input:
        structure="<results>/{dot}/dot.extxyz",
        start=relaxation_start,
        pseudopotentials=pseudopotentials(),
    output:
        structure="<results>/{dot}/relaxed.extxyz",
        record="<results>/{dot}/relaxed.json",
    log:
        "<logs>/{dot}/relax.log",
    benchmark:
        "<benchmarks>/{dot}/relax.tsv"
    conda:
        f"../envs/{study.config.engine}.yaml"
    threads: 2
    resources:
        mem_mb=asked("mem_mb", study.config.engine),
        runtime=asked("relax_min", study.config.engine),
    params:
        engine=engine_settings(),
        fmax_ev_per_ang=lambda wildcards: study.config.relax.fmax(
            study.dot(wildcards.dot).atoms
        ),
        max_steps=study.config.relax.max_steps,
        workdir=f"{study.config.results}/work/{{dot}}/relax",
    script:
        "../workflow/scripts/relax.py"


rule dot_hamiltonian:
    input:
        structure="<results>/{dot}/relaxed.extxyz",
        pseudopotentials=pseudopotentials(),
    output:
        "<results>/{dot}/hamiltonian.nc",
    log:
        "<logs>/{dot}/hamiltonian.log",
    benchmark:
        "<benchmarks>/{dot}/hamiltonian.tsv"
    conda:
        f"../envs/{study.config.engine}.yaml"
    threads: 2
    resources:
        mem_mb=asked("mem_mb", study.config.engine),
        runtime=asked("scf_min", study.config.engine),
    params:
        engine=engine_settings(),
        workdir=f"{study.config.results}/work/{{dot}}/hamiltonian",
    script:
        "../workflow/scripts/hamiltonian.py"


rule junction:
    input:
        "<results>/{dot}/relaxed.extxyz",
    output:
        structure="<results>/{dot}/{junction}/junction.extxyz",
        record="<results>/{dot}/{junction}/junction.json",
    log:
        "<logs>/{dot}/{junction}/junction.log",
    benchmark:
        "<benchmarks>/{dot}/{junction}/junction.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        contacts=contacts,
        electrodes=settings("electrodes"),
    script:
        "../workflow/scripts/junction.py"


rule hamiltonian:
    input:
        structure="<results>/{dot}/{junction}/junction.extxyz",
        before=density_before("<results>/{dot}/{junction}/hamiltonian.nc"),
        pseudopotentials=pseudopotentials(gold=True),
    output:
        "<results>/{dot}/{junction}/hamiltonian.nc",
    log:
        "<logs>/{dot}/{junction}/hamiltonian.log",
    benchmark:
        "<benchmarks>/{dot}/{junction}/hamiltonian.tsv"
    conda:
        f"../envs/{study.config.engine}.yaml"
    threads: 2
    resources:
        mem_mb=asked("mem_mb", study.config.engine),
        runtime=asked("scf_min", study.config.engine),
    params:
        engine=engine_settings(),
        workdir=f"{study.config.results}/work/{{dot}}/{{junction}}/hamiltonian",
        density_from=density_before(
            f"{study.config.results}/work/{{dot}}/{{junction}}/hamiltonian"
        ),
    script:
        "../workflow/scripts/hamiltonian.py"


# The surfaces of a bulk electrode stay in one cache for all junctions of a study. It is no declared output, since many
# jobs write to it at once.
rule transmission:
    input:
        hamiltonian="<results>/{dot}/{junction}/hamiltonian.nc",
        electrode=electrode_file(),
    output:
        "<results>/{dot}/{junction}/transmission.nc",
    log:
        "<logs>/{dot}/{junction}/transmission.log",
    benchmark:
        "<benchmarks>/{dot}/{junction}/transmission.tsv"
    conda:
        "../envs/python.yaml"
    threads: 2
    resources:
        mem_mb=asked("mem_mb"),
        runtime=asked("scf_min"),
    params:
        transport=settings("transport"),
        cache=f"{study.config.results}/cache",
    script:
        "../workflow/scripts/transmission.py"


rule frontier:
    input:
        "<results>/{dot}/{junction}/hamiltonian.nc",
    output:
        "<results>/{dot}/{junction}/frontier.json",
    log:
        "<logs>/{dot}/{junction}/frontier.log",
    benchmark:
        "<benchmarks>/{dot}/{junction}/frontier.tsv"
    conda:
        "../envs/python.yaml"
    threads: 2
    resources:
        mem_mb=asked("mem_mb"),
        runtime=asked("scf_min"),
    params:
        interference=settings("interference"),
    script:
        "../workflow/scripts/frontier.py"


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
