from qdjunction.steps import traces
from qdjunction.steps.trace_predictions import predicted_sites
from qdjunction.study.job import running
from qdjunction.traces.settings import TracesSettings

job = snakemake
theory = job.input.theory
# If the prediction of measured traces has failed, they are analysed without it.
with running(job, required=[job.input.traces, *([job.input.selection] if job.input.selection else [])]):
    sites, reason = predicted_sites(theory) if theory else ((), "")
    traces.analyse_traces(
        job.params.analysis,
        job.input.traces,
        TracesSettings(**job.params.settings),
        job.output.table,
        job.output.summary,
        selection=job.input.selection or None,
        sites=sites,
        why_no_sites=reason,
        inputs=[theory] if theory else [],
    )
