from qdjunction.interference.exciton_settings import ExcitonSettings
from qdjunction.steps.exciton import exciton_of_study
from qdjunction.study.job import running

job = snakemake
with running(job, required=[]):
    exciton_of_study(
        ExcitonSettings(**job.params.exciton),
        job.output.table,
        job.output.summary,
        job.input.get("coupling"),
    )
