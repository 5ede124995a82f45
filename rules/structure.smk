rule dot:
    output:
        structure="<results>/{dot}/dot.extxyz",
        record="<results>/{dot}/dot.json",
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
        left=lambda wildcards: study.junction(wildcards.dot, wildcards.junction).left,
        right=lambda wildcards: study.junction(wildcards.dot, wildcards.junction).right,
        electrodes=settings("electrodes"),
    script:
        "../workflow/scripts/junction.py"
