# From structure sources to relaxed structures.
rule dot:
    input:
        lambda wildcards: study.dot(wildcards.dot).entry.input_files(),
    output:
        structure="<results>/{dot}/dot.extxyz",
        record="<results>/{dot}/dot.json",
    log:
        "<logs>/{dot}/dot.log",
    benchmark:
        "<benchmarks>/{dot}/dot.tsv"
    priority: small_first
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=growing(1000, MAX_MEM_MB),
        runtime=growing(10, MAX_RUNTIME_MIN),
    params:
        # Without the contact pairs: a pair that is added later does not build the dot again.
        settings=lambda wildcards: study.dot(wildcards.dot).entry.build_values(),
        definition=lambda wildcards: study.dot(wildcards.dot).definition.model_dump(
            mode="json"
        ),
    script:
        "../workflow/scripts/dot.py"


# Working folders are not declared as outputs: Snakemake deletes outputs of a failed job, and with them finished steps.
rule pre_relax:
    input:
        structure="<results>/{dot}/dot.extxyz",
        start=lambda wildcards: study.relaxed_start(wildcards.dot, EMBEDDED.name) or [],
    output:
        structure="<results>/{dot}/pre_relaxed.extxyz",
        record="<results>/{dot}/pre_relaxed.json",
    log:
        "<logs>/{dot}/pre_relax.log",
    benchmark:
        "<benchmarks>/{dot}/pre_relax.tsv"
    priority: small_first
    conda:
        environment(EMBEDDED)
    threads: EMBEDDED.threads
    resources:
        mem_mb=requested("mem_mb"),
        runtime=requested("relax_min"),
    params:
        engine=engine_settings(EMBEDDED),
        fmax_ev_per_ang=force_threshold,
        max_steps=study.config.relax.max_steps,
        workdir=f"{study.config.results}/work/{{dot}}/pre_relax",
    script:
        "../workflow/scripts/relax.py"


# The SCF of the bare dot is part of the job, since the relaxation ends with the same SCF.
rule relax:
    input:
        structure="<results>/{dot}/dot.extxyz",
        start=relaxation_start,
        engine_files=engine_files(),
    output:
        structure="<results>/{dot}/relaxed.extxyz",
        record="<results>/{dot}/relaxed.json",
        hamiltonian="<results>/{dot}/hamiltonian.nc",
    log:
        "<logs>/{dot}/relax.log",
    benchmark:
        "<benchmarks>/{dot}/relax.tsv"
    priority: small_first
    conda:
        environment()
    threads: ENGINE.threads
    resources:
        mem_mb=requested("mem_mb", ENGINE),
        runtime=requested("relax_min", ENGINE),
    params:
        engine=engine_settings(),
        fmax_ev_per_ang=force_threshold,
        max_steps=study.config.relax.max_steps,
        workdir=f"{study.config.results}/work/{{dot}}/relax",
        hamiltonian_workdir=f"{study.config.results}/work/{{dot}}/hamiltonian",
    script:
        "../workflow/scripts/relax.py"


if study.binding:

    rule binding:
        input:
            structure="<results>/{dot}/relaxed.extxyz",
            engine_files=engine_files(gold=True),
        output:
            table="<results>/{dot}/binding.csv",
            summary="<results>/{dot}/binding.json",
        log:
            "<logs>/{dot}/binding.log",
        benchmark:
            "<benchmarks>/{dot}/binding.tsv"
        priority: small_first
        conda:
            environment()
        threads: ENGINE.threads
        resources:
            mem_mb=requested("mem_mb", ENGINE, ONE),
            runtime=requested("relax_min", ENGINE, ONE),
        params:
            contacts=binding_contacts,
            electrodes=settings("electrodes"),
            engine=engine_settings(),
            distances_ang=study.config.binding.distances_ang,
            workdir=f"{study.config.results}/work/{{dot}}/binding",
        script:
            "../workflow/scripts/binding.py"


# Junctions with free atoms, in the batches of rules/electronic.smk; without any there is no such rule.
for batch in study.batches if study.pre_relaxes_junctions else ():

    rule:
        name:
            batch.rule("pre_relax_junction")
        input:
            structure="<results>/{dot}/relaxed.extxyz",
        output:
            structures=in_results(batch.files("pre_relaxed.extxyz")),
            records=in_results(batch.files("pre_relaxed.json")),
        log:
            f"<logs>/{batch.folder}/{batch.rule('pre_relax_junction')}.log",
        benchmark:
            f"<benchmarks>/{batch.folder}/{batch.rule('pre_relax_junction')}.tsv"
        wildcard_constraints:
            dot=batch.dot_pattern,
        priority: small_first
        conda:
            environment(EMBEDDED)
        threads: EMBEDDED.threads
        resources:
            mem_mb=requested("mem_mb", batch=batch),
            runtime=requested("relax_min", batch=batch),
        params:
            contacts=contacts(batch),
            electrodes=settings("electrodes"),
            engine=engine_settings(EMBEDDED),
            fmax_ev_per_ang=force_threshold,
            max_steps=study.config.relax.max_steps,
            workdir=f"{study.config.results}/work/{{dot}}",
            folder="pre_relax",
        script:
            "../workflow/scripts/relax_junction.py"


for batch in study.batches if study.relaxes_junctions else ():

    rule:
        name:
            batch.rule("relax_junction")
        input:
            structure="<results>/{dot}/relaxed.extxyz",
            starts=(
                in_results(batch.files("pre_relaxed.extxyz"))
                if study.pre_relaxes_junctions
                else []
            ),
            engine_files=engine_files(gold=True),
        output:
            structures=in_results(batch.files("junction.extxyz")),
            records=in_results(batch.files("junction.json")),
        log:
            f"<logs>/{batch.folder}/{batch.rule('relax_junction')}.log",
        benchmark:
            f"<benchmarks>/{batch.folder}/{batch.rule('relax_junction')}.tsv"
        wildcard_constraints:
            dot=batch.dot_pattern,
        priority: small_first
        conda:
            environment()
        threads: ENGINE.threads
        resources:
            mem_mb=requested("mem_mb", ENGINE, batch),
            runtime=requested("relax_min", ENGINE, batch),
        params:
            contacts=contacts(batch),
            electrodes=settings("electrodes"),
            engine=engine_settings(),
            fmax_ev_per_ang=force_threshold,
            max_steps=study.config.relax.max_steps,
            workdir=f"{study.config.results}/work/{{dot}}",
            folder="relax",
        script:
            "../workflow/scripts/relax_junction.py"
