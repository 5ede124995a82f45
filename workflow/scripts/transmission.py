from qdjunction import steps
from qdjunction.config import TransportSettings
from qdjunction.jobs import running

job = snakemake
transport = TransportSettings(**job.params.transport)
with running(job):
    steps.compute_transmission(
        job.input.hamiltonian,
        transport.energies,
        transport.leads.text,
        job.output[0],
        kpoints=transport.leads.kpoints,
        eta_ev=transport.leads.eta_ev,
        cache=job.params.cache,
    )
