from qdjunction import steps
from qdjunction.engine.registry import make_engine
from qdjunction.jobs import running

job = snakemake
with running(job):
    steps.hamiltonian(
        job.input[0],
        make_engine(**job.params.engine, threads=job.threads),
        job.params.workdir,
        job.output[0],
    )
