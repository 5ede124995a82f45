# H and S of the electrode of bulk leads, once per study.
if SURFACE:

    rule electrode:
        input:
            engine_files=study.electrode_files,
        output:
            structure="<results>/electrode/electrode.extxyz",
            hamiltonian="<results>/electrode/electrode.nc",
        log:
            "<logs>/electrode.log",
        benchmark:
            "<benchmarks>/electrode.tsv"
        priority: 1 + MOST_ATOMS
        conda:
            environment()
        threads: ENGINE.threads
        resources:
            mem_mb=requested("mem_mb", ENGINE, surface=SURFACE),
            runtime=requested("scf_min", ENGINE, surface=SURFACE),
        params:
            surface=SURFACE.model_dump(mode="json"),
            engine=engine_settings(),
            workdir=f"{study.config.results}/work/electrode",
        script:
            "../workflow/scripts/electrode.py"


# H and S of the junctions. One rule per batch of contacts: only `hamiltonian` if each junction has its own job.
# It also builds the junctions, unless they are relaxed (rules/structure.smk).
for batch in study.batches:

    rule:
        name:
            batch.rule("hamiltonian")
        input:
            structure=(
                []
                if study.relaxes_junctions
                else (
                    geometry
                    if study.members or study.variants
                    else "<results>/{dot}/relaxed.extxyz"
                )
            ),
            relaxed=(
                in_results(batch.files("junction.extxyz"))
                if study.relaxes_junctions
                else []
            ),
            before=density_before(batch),
            electrode=electrode_file(),
            engine_files=engine_files(gold=True),
        output:
            structures=(
                []
                if study.relaxes_junctions
                else in_results(batch.files("junction.extxyz"))
            ),
            hamiltonians=in_results(batch.files("hamiltonian.nc")),
        log:
            f"<logs>/{batch.folder}/{batch.rule('hamiltonian')}.log",
        benchmark:
            f"<benchmarks>/{batch.folder}/{batch.rule('hamiltonian')}.tsv"
        wildcard_constraints:
            dot=own_scf(batch),
        priority: small_first
        conda:
            environment()
        threads: ENGINE.threads
        resources:
            mem_mb=requested("mem_mb", ENGINE, batch),
            runtime=requested("scf_min", ENGINE, batch),
        params:
            contacts=contacts(batch),
            electrodes=varied("electrodes"),
            engine=varied_engine(),
            seeds=seeds(batch),
            tips=drawn_tips if study.members else {},
            workdir=f"{study.config.results}/work/{{dot}}",
        script:
            "../workflow/scripts/hamiltonian.py"


# Variants with shifted levels of the dot: H of their dot, changed without an SCF.
if CORRECTED:

    rule correct_levels:
        input:
            hamiltonian=lambda wildcards: f"<results>/{CORRECTED[wildcards.dot].of}/{wildcards.junction}/hamiltonian.nc",
        output:
            hamiltonian="<results>/{dot}/{junction}/hamiltonian.nc",
        log:
            "<logs>/{dot}/{junction}/correct_levels.log",
        benchmark:
            "<benchmarks>/{dot}/{junction}/correct_levels.tsv"
        wildcard_constraints:
            dot="|".join(map(re.escape, CORRECTED)),
        priority: small_first
        conda:
            "../envs/python.yaml"
        threads: 1
        resources:
            mem_mb=requested("mem_mb", batch=ONE),
            runtime=requested("scf_min", batch=ONE),
        params:
            shifts=lambda wildcards: CORRECTED[wildcards.dot].value.model_dump(
                mode="json"
            ),
        script:
            "../workflow/scripts/correct_levels.py"
