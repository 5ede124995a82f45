from qdjunction import steps
from qdjunction.config import ElectrodeSettings, TransportSettings
from qdjunction.engine.registry import make_engine
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.jobs import running

job = snakemake
with running(job, needs=[job.input.structure]):
    steps.junction(
        job.input.structure,
        *job.params.contacts,
        ElectrodeSettings(**job.params.electrodes),
        job.output.structure,
        job.output.record,
    )
    steps.hamiltonian(
        job.output.structure,
        make_engine(**job.params.engine, threads=job.threads, resources=job.resources),
        job.params.workdir,
        job.output.hamiltonian,
        job.params.get("density_from"),
    )
    steps.transmission_of_study(
        job.output.hamiltonian,
        TransportSettings(**job.params.transport),
        job.output.transmission,
        job.params.cache,
    )
    steps.frontier(
        job.output.hamiltonian, InterferenceSettings(**job.params.interference), job.output.frontier
    )
