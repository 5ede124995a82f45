from qdjunction.steps.transport import observable
from qdjunction.study.config import TransportSettings
from qdjunction.study.job import running

job = snakemake
transport = TransportSettings(**job.params.transport, observables=[job.params.settings])
with running(job):
    observable(
        job.input.hamiltonian,
        transport.observables[0],
        transport.leads.prepared(job.params.cache, electrode=job.input.get("electrode") or None),
        job.output[0],
        energies_ev=transport.energies_ev,
        known=job.input.transmission,
    )
