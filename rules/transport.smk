# T(E) and the orbital rule, in the batches of rules/electronic.smk. What leads keep, such as surface Green's functions,
# lies in one cache for all junctions of a study. It is not declared as an output, since many jobs write to it at once.
for batch in study.batches:

    rule:
        name:
            batch.rule("transmission")
        input:
            hamiltonians=in_results(batch.files("hamiltonian.nc")),
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
            transport=transport_settings(),
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
