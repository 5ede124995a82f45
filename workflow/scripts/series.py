from qdjunction.interference.settings import InterferenceSettings
from qdjunction.steps.interference import series
from qdjunction.study.job import running

job = snakemake
with running(job, required=[]):
    series(
        job.params.contacts,
        job.input.transmissions,
        job.input.frontiers,
        job.params.temperature_k,
        InterferenceSettings(**job.params.interference),
        job.output.conductance,
        job.output.series,
        job.output.summary,
        job.params.controls,
    )
