from qdjunction.steps.cover import cover_of_study
from qdjunction.study.cover import CoverSettings
from qdjunction.study.job import running

job = snakemake
with running(job, required=[]):
    cover_of_study(
        CoverSettings(**job.params.cover),
        dict(zip(job.params.names, job.input.relaxations, strict=True)),
        dict(zip(job.params.vibrating, job.input.vibrations, strict=True)),
        job.output.table,
        job.output.summary,
    )
