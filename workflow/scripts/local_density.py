from qdjunction import steps
from qdjunction.study.config import LeadSettings
from qdjunction.study.job import running

job = snakemake
with running(job):
    steps.local_density(
        job.input.hamiltonian,
        steps.headline_of(job.input.series, job.wildcards.junction),
        LeadSettings(**job.params.leads),
        job.output[0],
        cache=job.params.cache,
    )
