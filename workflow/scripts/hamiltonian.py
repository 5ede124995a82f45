from pathlib import Path

from qdjunction.engine.registry import make_engine
from qdjunction.steps.electronic import junction_hamiltonian
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.study.failures import recorded_case
from qdjunction.study.job import running

job = snakemake
workdir, seeds = Path(job.params.workdir), job.params.seeds
with running(job, required=[job.input.structure]):
    engine = make_engine(**job.params.engine, threads=job.threads, resources=job.resources)
    outputs = zip(job.output.structures, job.output.hamiltonians, strict=True)
    for (name, contacts), files in zip(job.params.contacts.items(), outputs, strict=True):
        with recorded_case(job, name, files):
            junction_hamiltonian(
                job.input.structure,
                *contacts,
                ElectrodeSettings(**job.params.electrodes),
                engine,
                workdir / name,
                *files,
                density_from=workdir / seeds[name] / "hamiltonian" if name in seeds else None,
            )
