from qdjunction import steps
from qdjunction.engine.registry import make_engine
from qdjunction.study.job import running

job = snakemake
with running(job):
    steps.relax(
        job.input.structure,
        make_engine(**job.params.engine, threads=job.threads, resources=job.resources),
        job.params.workdir,
        job.params.fmax_ev_per_ang,
        job.params.max_steps,
        job.output.structure,
        job.output.record,
        start=job.input.get("start"),
    )
