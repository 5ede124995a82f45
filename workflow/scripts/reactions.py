from qdjunction.steps.reactions import reactions_of_study
from qdjunction.study.job import running
from qdjunction.study.reactions import ReactionSettings

job = snakemake
with running(job, required=[]):
    reactions_of_study(
        [ReactionSettings(**values) for values in job.params.reactions],
        dict(zip(job.params.names, job.input.relaxations, strict=True)),
        job.output.table,
        job.output.summary,
    )
