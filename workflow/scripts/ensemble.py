from qdjunction.interference.settings import InterferenceSettings
from qdjunction.steps.ensemble import ensemble
from qdjunction.study.job import running

job = snakemake
with running(job, required=[job.input.summary]):
    names = [name for group in job.params.groups.values() for name in group["members"]]
    ensemble(
        job.params.groups,
        job.input.summary,
        dict(zip(names, job.input.members, strict=True)),
        InterferenceSettings(**job.params.interference),
        job.output.table,
        job.output.record,
    )
