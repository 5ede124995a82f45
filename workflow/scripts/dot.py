from qdjunction import logs, steps
from qdjunction.structure.catalogue import DotDefinition

job = snakemake
entry = job.params.entry
with logs.job(job.log[0], job.wildcards.dot):
    steps.dot(
        DotDefinition.model_validate(job.params.definition),
        entry["cation"],
        entry["halide"],
        entry["seed"],
        entry["short_range_order"],
        job.output[0],
    )
