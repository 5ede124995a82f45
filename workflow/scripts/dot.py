from qdjunction import steps
from qdjunction.jobs import running
from qdjunction.structure.catalogue import DotDefinition

job = snakemake
entry = job.params.entry
with running(job):
    steps.dot(
        DotDefinition.model_validate(job.params.definition),
        entry["cation"],
        entry["halide"],
        entry["seed"],
        entry["short_range_order"],
        job.output.structure,
        job.output.record,
    )
