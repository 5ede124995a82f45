from qdjunction import logs, steps
from qdjunction.config import ElectrodeSettings

job = snakemake
with logs.job(job.log[0], f"{job.wildcards.dot}/{job.wildcards.junction}"):
    steps.junction(
        job.input[0],
        job.params.left,
        job.params.right,
        ElectrodeSettings(**job.params.electrodes),
        job.output[0],
    )
