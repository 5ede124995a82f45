from qdjunction import logs, trace_steps
from qdjunction.traces.settings import TracesSettings

job = snakemake
with logs.job(job.log[0], job.wildcards.set):
    trace_steps.select_traces(
        job.input[0],
        TracesSettings(**job.params.settings),
        job.output.jumps,
        job.output.histograms,
        job.output.summary,
        name=job.wildcards.set,
        bias_v=job.params.bias_v,
    )
