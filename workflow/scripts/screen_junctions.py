from functools import partial

from qdjunction import screen_steps
from qdjunction.engine.registry import make_engine
from qdjunction.study.config import ElectrodeSettings
from qdjunction.study.failures import recorded_case
from qdjunction.study.job import running

job = snakemake
with running(job):
    screen_steps.junctions(
        job.input.structure,
        job.params.contacts,
        ElectrodeSettings(**job.params.electrodes),
        make_engine(**job.params.engine, threads=job.threads, resources=job.resources),
        job.params.workdir,
        job.output[0],
        partial(recorded_case, job),
        more_inputs=job.input.pseudopotentials,
        seed_density=job.params.seed_density,
    )
