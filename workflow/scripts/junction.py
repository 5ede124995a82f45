from qdjunction import steps
from qdjunction.study.config import ElectrodeSettings
from qdjunction.study.job import running

job = snakemake
with running(job):
    steps.junction(
        job.input[0],
        *job.params.contacts,
        ElectrodeSettings(**job.params.electrodes),
        job.output.structure,
        job.output.record,
    )
