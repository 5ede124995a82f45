from qdjunction import logs, steps
from qdjunction.engine.registry import make_engine

job = snakemake
with logs.job(job.log[0], "/".join(job.wildcards)):
    steps.hamiltonian(
        job.input.structure,
        make_engine(**job.params.engine, threads=job.threads, resources=job.resources),
        job.params.workdir,
        job.output[0],
        job.params.get("density_from"),
    )
