from qdjunction.engine.registry import make_engine
from qdjunction.steps.cover import vibrations
from qdjunction.study.job import running

job = snakemake
with running(job):
    vibrations(
        job.input.structure,
        make_engine(**job.params.engine, threads=job.threads, resources=job.resources),
        job.params.workdir,
        job.params.temperature_k,
        job.output[0],
    )
