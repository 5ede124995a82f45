# T(E) and the orbital rule, in the batches of rules/electronic.smk. What leads keep, such as surface Green's functions,
# lies in one cache for all junctions of a study. It is not declared as an output, since many jobs write to it at once.
for batch in study.batches:

    rule:
        name:
            batch.rule("transmission")
        input:
            hamiltonians=of_batch(batch, "hamiltonian.nc"),
            lead_files=lead_files(),
            electrode=electrode_file(),
        output:
            transmissions=in_results(batch.files("transmission.nc")),
            frontiers=in_results(batch.files("frontier.json")),
        log:
            f"<logs>/{batch.folder}/{batch.rule('transmission')}.log",
        benchmark:
            f"<benchmarks>/{batch.folder}/{batch.rule('transmission')}.tsv"
        wildcard_constraints:
            dot=batch.dot_pattern,
        priority: small_first
        conda:
            "../envs/python.yaml"
        threads: 1
        resources:
            mem_mb=requested("mem_mb", batch=batch),
            runtime=requested("scf_min", batch=batch),
        params:
            contacts=contacts(batch),
            transport=varied_transport(),
            interference=headline_settings(),
            workdir=f"{study.config.results}/work/{{dot}}",
            cache=f"{study.config.results}/cache",
        script:
            "../workflow/scripts/transmission.py"


# The pictures are taken at the headline energy, hence the summary among the inputs. A junction whose T(E) or orbital
# rule has failed belongs to no series, so this energy is not known and there is no picture.
rule local_density:
    input:
        hamiltonian="<results>/{dot}/{junction}/hamiltonian.nc",
        series="<results>/{dot}/series.json",
        transmission="<results>/{dot}/{junction}/transmission.nc",
        frontier="<results>/{dot}/{junction}/frontier.json",
        lead_files=lead_files(),
        electrode=electrode_file(),
    output:
        "<results>/{dot}/{junction}/local_density.nc",
    log:
        "<logs>/{dot}/{junction}/local_density.log",
    benchmark:
        "<benchmarks>/{dot}/{junction}/local_density.tsv"
    priority: small_first
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=requested("mem_mb", batch=ONE),
        runtime=requested("scf_min", batch=ONE),
    params:
        leads=settings("transport")["leads"],
        cache=f"{study.config.results}/cache",
    script:
        "../workflow/scripts/local_density.py"


if OBSERVABLES:

    rule observable:
        input:
            hamiltonian="<results>/{dot}/{junction}/hamiltonian.nc",
            transmission="<results>/{dot}/{junction}/transmission.nc",
            files=list(study.config.transport.files.values()),
            electrode=electrode_file(),
        output:
            "<results>/{dot}/{junction}/{observable}.nc",
        log:
            "<logs>/{dot}/{junction}/{observable}.log",
        benchmark:
            "<benchmarks>/{dot}/{junction}/{observable}.tsv"
        wildcard_constraints:
            observable="|".join(OBSERVABLES),
        priority: small_first
        conda:
            "../envs/python.yaml"
        threads: 1
        resources:
            mem_mb=requested("mem_mb", batch=ONE),
            runtime=requested("scf_min", batch=ONE),
        params:
            transport=transport_settings(),
            settings=lambda wildcards: OBSERVABLES[wildcards.observable],
            cache=f"{study.config.results}/cache",
        script:
            "../workflow/scripts/observable.py"


# A job for all steps, since each starts from the one before; a job that was killed resumes within its step.
if study.slides:

    rule slide:
        input:
            structure=slide_start,
            lead_files=lead_files(),
            engine_files=engine_files(gold=True),
        output:
            table="<results>/{dot}/slides/{slide}/slide.csv",
            summary="<results>/{dot}/slides/{slide}/slide.json",
            transmissions="<results>/{dot}/slides/{slide}/slide.nc",
            path="<results>/{dot}/slides/{slide}/slide.extxyz",
        log:
            "<logs>/{dot}/{slide}/slide.log",
        benchmark:
            "<benchmarks>/{dot}/{slide}/slide.tsv"
        wildcard_constraints:
            slide=r"[^/]+",
        # After all others: these jobs are the longest, and only figures and table need them.
        priority: -1
        conda:
            environment()
        threads: ENGINE.threads
        resources:
            mem_mb=requested("mem_mb", ENGINE, ONE),
            runtime=growing(slide_min, MAX_RUNTIME_MIN),
        params:
            slide=lambda wildcards: SLIDES[wildcards.slide].settings.model_dump(
                mode="json"
            ),
            fmax_ev_per_ang=slide_threshold,
            max_steps=study.config.relax.max_steps,
            transport=transport_settings(),
            interference=headline_settings(),
            engine=engine_settings(),
            workdir=f"{study.config.results}/work/{{dot}}/slides/{{slide}}",
            cache=f"{study.config.results}/cache",
        script:
            "../workflow/scripts/slide.py"
