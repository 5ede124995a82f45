from qdjunction import logs, trace_steps
from qdjunction.traces.settings import TracesSettings

job = snakemake
with logs.job(job.log[0], job.wildcards.set):
    settings = TracesSettings(**job.params.settings)
    trace_steps.measure_trace_plateaus(
        job.input.traces, settings, job.input.selection, job.output.table, job.output.summary
    )
