from qdjunction.steps import traces
from qdjunction.study.job import running
from qdjunction.traces.settings import TracesSettings

job = snakemake
with running(job):
    settings = TracesSettings(**job.params.settings)
    traces.classify_traces(job.input[0], settings, job.output.table, job.output.summary)
