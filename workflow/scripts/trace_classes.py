from qdjunction import logs, trace_steps
from qdjunction.traces.settings import TracesSettings

job = snakemake
with logs.job(job.log[0], job.wildcards.set):
    settings = TracesSettings(**job.params.settings)
    trace_steps.classify_traces(job.input[0], settings, job.output.table, job.output.summary)
