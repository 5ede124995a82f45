from qdjunction.engine.registry import make_engine
from qdjunction.steps.electronic import electrode
from qdjunction.structure.settings import SurfaceSettings
from qdjunction.study import layout
from qdjunction.study.failures import recorded_case
from qdjunction.study.job import running

job = snakemake
surface = SurfaceSettings(**job.params.surface)
with running(job), recorded_case(job, layout.ELECTRODE, job.output):
    engine = make_engine(
        **job.params.engine,
        threads=job.threads,
        resources=job.resources,
        kpoints=surface.electrode_kpoints,
    )
    electrode(surface, engine, job.params.workdir, job.output.structure, job.output.hamiltonian)
