# Working folders are no declared outputs: Snakemake deletes those of a failed job, and with them every step done.
rule pre_relax:
    input:
        structure="<results>/{dot}/dot.extxyz",
        start=lambda wildcards: study.relaxed_start(wildcards.dot, "xtb") or [],
    output:
        structure="<results>/{dot}/pre_relaxed.extxyz",
        record="<results>/{dot}/pre_relaxed.json",
    log:
        "<logs>/{dot}/pre_relax.log",
    benchmark:
        "<benchmarks>/{dot}/pre_relax.tsv"
    conda:
        "../envs/xtb.yaml"
    threads: 2
    resources:
        mem_mb=asked("mem_mb"),
        runtime=asked("relax_min"),
    params:
        engine=engine_settings("xtb"),
        fmax_ev_per_ang=lambda wildcards: study.config.relax.fmax(
            study.dot(wildcards.dot).atoms
        ),
        max_steps=study.config.relax.max_steps,
        workdir=f"{study.config.results}/work/{{dot}}/pre_relax",
    script:
        "../workflow/scripts/relax.py"


rule relax:
    input:
        structure="<results>/{dot}/dot.extxyz",
        start=relaxation_start,
        pseudopotentials=lambda wildcards: study.pseudopotentials(wildcards.dot),
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
        pseudopotentials=lambda wildcards: study.pseudopotentials(wildcards.dot),
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


rule hamiltonian:
    input:
        structure="<results>/{dot}/{junction}/junction.extxyz",
        before=density_before("<results>/{dot}/{junction}/hamiltonian.nc"),
        pseudopotentials=lambda wildcards: study.pseudopotentials(
            wildcards.dot, gold=True
        ),
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
