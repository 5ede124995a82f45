from qdjunction import logs, steps
from qdjunction.interference.settings import InterferenceSettings

job = snakemake
with logs.job(job.log[0], job.wildcards.dot):
    steps.series(
        job.params.names,
        job.input.transmissions,
        job.input.frontiers,
        job.params.temperature_k,
        InterferenceSettings(**job.params.interference),
        job.output.conductance,
        job.output.series,
        job.output.summary,
    )
