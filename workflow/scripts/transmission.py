from qdjunction import logs, steps
from qdjunction.config import TransportSettings

job = snakemake
transport = TransportSettings(**job.params.transport)
with logs.job(job.log[0], f"{job.wildcards.dot}/{job.wildcards.junction}"):
    steps.compute_transmission(job.input[0], transport.energies, transport.leads.text, job.output[0])
