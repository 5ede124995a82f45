from qdjunction import logs, steps
from qdjunction.interference.settings import InterferenceSettings

job = snakemake
with logs.job(job.log[0], f"{job.wildcards.dot}/{job.wildcards.junction}"):
    steps.frontier(job.input[0], InterferenceSettings(**job.params.interference), job.output[0])
