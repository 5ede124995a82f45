# The energy of the pictures is that of the headline numbers, hence the summary among the inputs. A junction whose T(E)
# or orbital rule has failed stands in no series, has no such energy and gets no picture.
rule local_density:
    input:
        hamiltonian="<results>/{dot}/{junction}/hamiltonian.nc",
        series="<results>/{dot}/series.json",
        transmission="<results>/{dot}/{junction}/transmission.nc",
        frontier="<results>/{dot}/{junction}/frontier.json",
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
