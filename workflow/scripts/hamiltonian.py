from qdjunction import logs, steps
from qdjunction.engine.registry import make_engine

job = snakemake
with logs.job(job.log[0], "/".join(job.wildcards)):
    steps.hamiltonian(
        job.input[0],
        make_engine(**job.params.engine, threads=job.threads),
        job.params.workdir,
        job.output[0],
    )
