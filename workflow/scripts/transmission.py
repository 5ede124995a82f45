from qdjunction import steps
from qdjunction.study.config import TransportSettings
from qdjunction.study.job import running

job = snakemake
with running(job):
    steps.transmission_of_study(
        job.input.hamiltonian, TransportSettings(**job.params.transport), job.output[0], job.params.cache
    )
