from qdjunction import steps
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.study.job import running

job = snakemake
with running(job):
    steps.chain(InterferenceSettings(**job.params.interference), job.output.table, job.output.summary)
