from qdjunction import steps
from qdjunction.config import TransportSettings
from qdjunction.jobs import running

job = snakemake
transport = TransportSettings(**job.params.transport)
with running(job):
    steps.compute_transmission(job.input[0], transport.energies, transport.leads.text, job.output[0])
