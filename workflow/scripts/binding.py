from qdjunction.engine.registry import make_engine
from qdjunction.steps.binding import binding_curve
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.study.job import running

job = snakemake
with running(job):
    binding_curve(
        job.input.structure,
        *job.params.contacts,
        ElectrodeSettings(**job.params.electrodes),
        make_engine(**job.params.engine, threads=job.threads, resources=job.resources),
        job.params.distances_ang,
        job.params.workdir,
        job.output.table,
        job.output.summary,
    )
