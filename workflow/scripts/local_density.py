from qdjunction.steps.interference import headline_of
from qdjunction.steps.transport import local_density
from qdjunction.study.config import TransportSettings
from qdjunction.study.job import running

job = snakemake
with running(job):
    local_density(
        job.input.hamiltonian,
        headline_of(job.input.series, job.wildcards.junction),
        TransportSettings(leads=job.params.leads).leads,
        job.output[0],
        cache=job.params.cache,
        electrode=job.input.get("electrode") or None,
    )
