from qdjunction import steps
from qdjunction.config import ElectrodeSettings
from qdjunction.jobs import running

job = snakemake
with running(job):
    steps.junction(
        job.input[0],
        *job.params.contacts,
        ElectrodeSettings(**job.params.electrodes),
        job.output.structure,
        job.output.record,
    )
