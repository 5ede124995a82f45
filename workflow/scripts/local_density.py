from qdjunction import steps
from qdjunction.config import LeadSettings
from qdjunction.jobs import running

job = snakemake
with running(job):
    steps.local_density(
        job.input.hamiltonian,
        steps.headline_of(job.input.series, job.wildcards.junction),
        LeadSettings(**job.params.leads),
        job.output[0],
        cache=job.params.cache,
    )
