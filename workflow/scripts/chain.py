from qdjunction import logs, steps
from qdjunction.interference.settings import InterferenceSettings

job = snakemake
with logs.job(job.log[0], "chain"):
    steps.chain(InterferenceSettings(**job.params.interference), job.output.table, job.output.summary)
