from qdjunction.interference.settings import InterferenceSettings
from qdjunction.steps.interference import chain
from qdjunction.study.job import running

job = snakemake
with running(job):
    chain(InterferenceSettings(**job.params.interference), job.output.table, job.output.summary)
