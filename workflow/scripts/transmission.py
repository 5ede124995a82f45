from qdjunction import logs, steps
from qdjunction.config import TransportSettings

job = snakemake
transport = TransportSettings(**job.params.transport)
with logs.job(job.log[0], f"{job.wildcards.dot}/{job.wildcards.junction}"):
    steps.compute_transmission(
        job.input.hamiltonian,
        transport.energies,
        transport.leads.text,
        job.output[0],
        kpoints=transport.leads.kpoints,
        eta_ev=transport.leads.eta_ev,
        cache=job.params.cache,
    )
