from qdjunction import steps
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.study.job import running

job = snakemake
with running(job):
    steps.frontier(job.input[0], InterferenceSettings(**job.params.interference), job.output[0])
