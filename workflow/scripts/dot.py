from qdjunction.steps.structure import dot
from qdjunction.structure.perovskite.catalogue import DotDefinition
from qdjunction.study.job import running

job = snakemake
with running(job):
    dot(
        DotDefinition.model_validate(job.params.definition),
        **job.params.entry,
        output=job.output.structure,
        record=job.output.record,
    )
