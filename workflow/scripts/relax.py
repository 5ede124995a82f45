from pathlib import Path

from qdjunction import steps
from qdjunction.engine.registry import make_engine
from qdjunction.study.failures import recorded_case
from qdjunction.study.job import running

job = snakemake
workdir = Path(job.params.workdir)
with running(job):
    engine = make_engine(**job.params.engine, threads=job.threads, resources=job.resources)
    steps.relax(
        job.input.structure,
        engine,
        workdir / "relax",
        job.params.fmax_ev_per_ang,
        job.params.max_steps,
        job.output.structure,
        job.output.record,
        start=job.input.get("start"),
    )
    with recorded_case(job, "", [job.output.hamiltonian], step="hamiltonian"):
        steps.hamiltonian(job.output.structure, engine, workdir / "hamiltonian", job.output.hamiltonian)
