from qdjunction import logs, steps
from qdjunction.config import LeadSettings

job = snakemake
with logs.job(job.log[0], f"{job.wildcards.dot}/{job.wildcards.junction}"):
    steps.local_density(
        job.input.hamiltonian,
        steps.headline_of(job.input.series, job.wildcards.junction),
        LeadSettings(**job.params.leads),
        job.output[0],
        cache=job.params.cache,
    )
