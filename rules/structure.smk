rule dot:
    output:
        "<results>/{dot}/dot.extxyz",
    log:
        "<logs>/{dot}/dot.log",
    benchmark:
        "<benchmarks>/{dot}/dot.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        entry=lambda wildcards: study.dot(wildcards.dot).entry.model_dump(
            exclude={"contacts"}
        ),
        definition=lambda wildcards: study.dot(wildcards.dot).definition.model_dump(
            mode="json"
        ),
    script:
        "../workflow/scripts/dot.py"


rule junction:
    input:
        "<results>/{dot}/relaxed.extxyz",
    output:
        "<results>/{dot}/{junction}/junction.extxyz",
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
        left=lambda wildcards: study.junction(wildcards.dot, wildcards.junction).left,
        right=lambda wildcards: study.junction(wildcards.dot, wildcards.junction).right,
        electrodes=settings("electrodes"),
    script:
        "../workflow/scripts/junction.py"
