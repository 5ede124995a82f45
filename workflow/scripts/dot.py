from qdjunction import steps
from qdjunction.jobs import running
from qdjunction.structure.catalogue import DotDefinition

job = snakemake
with running(job):
    steps.dot(
        DotDefinition.model_validate(job.params.definition),
        **job.params.entry,
        output=job.output.structure,
        record=job.output.record,
    )
