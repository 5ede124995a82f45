from qdjunction import steps
from qdjunction.config import TransportSettings
from qdjunction.jobs import running

job = snakemake
with running(job):
    steps.transmission_of_study(
        job.input.hamiltonian, TransportSettings(**job.params.transport), job.output[0], job.params.cache
    )
