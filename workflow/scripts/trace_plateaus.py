from qdjunction.steps import traces
from qdjunction.study.job import running
from qdjunction.traces.settings import TracesSettings

job = snakemake
with running(job):
    settings = TracesSettings(**job.params.settings)
    traces.measure_trace_plateaus(
        job.input.traces, settings, job.input.selection, job.output.table, job.output.summary
    )
