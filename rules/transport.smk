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


# The energy of the pictures is that of the headline numbers, hence the summary among the inputs.
rule local_density:
    input:
        hamiltonian="<results>/{dot}/{junction}/hamiltonian.nc",
        series="<results>/{dot}/series.json",
        electrode=electrode_file(),
    output:
        "<results>/{dot}/{junction}/local_density.nc",
    log:
        "<logs>/{dot}/{junction}/local_density.log",
    benchmark:
        "<benchmarks>/{dot}/{junction}/local_density.tsv"
    conda:
        "../envs/python.yaml"
    threads: 2
    resources:
        mem_mb=asked("mem_mb"),
        runtime=asked("scf_min"),
    params:
        leads=settings("transport")["leads"],
        cache=f"{study.config.results}/cache",
    script:
        "../workflow/scripts/local_density.py"
