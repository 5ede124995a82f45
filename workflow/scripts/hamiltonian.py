from pathlib import Path

from qdjunction.engine.registry import make_engine
from qdjunction.steps.electronic import hamiltonian, junction_hamiltonian
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.tip_settings import TipSpread
from qdjunction.study.failures import recorded_case, require_results
from qdjunction.study.job import running

job = snakemake
workdir, seeds = Path(job.params.workdir), job.params.seeds
electrodes = ElectrodeSettings(**job.params.electrodes)
drawn = job.params.tips
tips = (TipSpread(**drawn["spread"]), drawn["seed"]) if drawn else None
is_relaxed = electrodes.relax != "none"
# The SCF of the electrode comes first: a junction is of no use without it.
required = [
    *([] if is_relaxed else [job.input.structure]),
    *([job.input.electrode] if electrodes.surface else []),
]
with running(job, required=required):
    engine = make_engine(
        **job.params.engine,
        threads=job.threads,
        resources=job.resources,
        kpoints=electrodes.scf_kpoints,
    )
    for number, (name, contacts) in enumerate(job.params.contacts.items()):
        folder, matrices = workdir / name, job.output.hamiltonians[number]
        if is_relaxed:
            with recorded_case(job, name, [matrices]):
                structure = job.input.relaxed[number]
                require_results(structure)
                hamiltonian(
                    structure, engine, folder / "hamiltonian", matrices, density_from=folder / "relax"
                )
        else:
            files = job.output.structures[number], matrices
            with recorded_case(job, name, files):
                junction_hamiltonian(
                    job.input.structure,
                    *contacts,
                    electrodes,
                    engine,
                    folder,
                    *files,
                    density_from=workdir / seeds[name] / "hamiltonian" if name in seeds else None,
                    tips=tips,
                )
