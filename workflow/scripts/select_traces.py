from qdjunction.steps import traces
from qdjunction.study.job import running
from qdjunction.traces.settings import TracesSettings

job = snakemake
with running(job):
    traces.select_traces(
        job.input[0],
        TracesSettings(**job.params.settings),
        job.output.jumps,
        job.output.histograms,
        job.output.summary,
        name=job.wildcards.set,
        bias_v=job.params.bias_v,
    )
