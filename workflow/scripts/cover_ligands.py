from qdjunction.steps.cover import ligands_on_slab
from qdjunction.structure.sources.slab import SlabOutline, SlabSettings
from qdjunction.study.job import running

job = snakemake
with running(job):
    ligands_on_slab(
        SlabSettings(**job.params.settings, contacts=[]),
        SlabOutline(**job.params.definition),
        job.input.slab,
        job.output.structure,
        job.output.record,
    )
