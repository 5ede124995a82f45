# Working folders are no declared outputs: Snakemake deletes those of a failed job, and with them every step done.
rule relax:
    input:
        structure="<results>/{dot}/dot.extxyz",
        start=lambda wildcards: study.relaxed_start(wildcards.dot) or [],
    output:
        structure="<results>/{dot}/relaxed.extxyz",
        record="<results>/{dot}/relaxed.json",
    params:
        engine=engine_settings(),
        fmax_ev_per_ang=lambda wildcards: study.config.relax.fmax(study.dot(wildcards.dot).atoms),
        max_steps=study.config.relax.max_steps,
        workdir=f"{study.config.results}/work/{{dot}}/relax",
    log:
        "<logs>/{dot}/relax.log",
    benchmark:
        "<benchmarks>/{dot}/relax.tsv"
    conda:
        f"../envs/{study.config.engine}.yaml"
    threads: 2
    resources:
        mem_mb=engine_mem_mb,
        runtime=relax_runtime_min,
    script:
        "../workflow/scripts/relax.py"


rule dot_hamiltonian:
    input:
        "<results>/{dot}/relaxed.extxyz",
    output:
        "<results>/{dot}/hamiltonian.nc",
    params:
        engine=engine_settings(),
        workdir=f"{study.config.results}/work/{{dot}}/hamiltonian",
    log:
        "<logs>/{dot}/hamiltonian.log",
    benchmark:
        "<benchmarks>/{dot}/hamiltonian.tsv"
    conda:
        f"../envs/{study.config.engine}.yaml"
    threads: 2
    resources:
        mem_mb=engine_mem_mb,
        runtime=scf_runtime_min,
    script:
        "../workflow/scripts/hamiltonian.py"


rule hamiltonian:
    input:
        "<results>/{dot}/{junction}/junction.extxyz",
    output:
        "<results>/{dot}/{junction}/hamiltonian.nc",
    params:
        engine=engine_settings(),
        workdir=f"{study.config.results}/work/{{dot}}/{{junction}}/hamiltonian",
    log:
        "<logs>/{dot}/{junction}/hamiltonian.log",
    benchmark:
        "<benchmarks>/{dot}/{junction}/hamiltonian.tsv"
    conda:
        f"../envs/{study.config.engine}.yaml"
    threads: 2
    resources:
        mem_mb=engine_mem_mb,
        runtime=scf_runtime_min,
    script:
        "../workflow/scripts/hamiltonian.py"
