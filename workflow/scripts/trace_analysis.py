from qdjunction.steps import traces
from qdjunction.study.job import running
from qdjunction.traces.settings import TracesSettings

job = snakemake
with running(job):
    traces.analyse_traces(
        job.params.analysis,
        job.input.traces,
        TracesSettings(**job.params.settings),
        job.output.table,
        job.output.summary,
        selection=job.input.selection or None,
    )
