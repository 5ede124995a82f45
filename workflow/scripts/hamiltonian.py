from qdjunction import steps
from qdjunction.engine.registry import make_engine
from qdjunction.study.job import running

job = snakemake
with running(job, needs=[job.input.structure]):
    steps.hamiltonian(
        job.input.structure,
        make_engine(**job.params.engine, threads=job.threads, resources=job.resources),
        job.params.workdir,
        job.output[0],
        job.params.get("density_from"),
    )
