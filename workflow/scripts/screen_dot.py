from pathlib import Path

from qdjunction import steps
from qdjunction.engine.registry import make_engine
from qdjunction.structure.perovskite.catalogue import DotDefinition
from qdjunction.study.job import running

job = snakemake
workdir = Path(job.params.workdir)
structure = job.input.structure
with running(job):
    if job.output.built:
        structure, record = job.output.built
        definition = DotDefinition.model_validate(job.params.definition)
        steps.dot(definition, **job.params.entry, output=structure, record=record)
    engine = make_engine(**job.params.engine, threads=job.threads, resources=job.resources)
    steps.relax(
        structure,
        engine,
        workdir / "relax",
        job.params.fmax_ev_per_ang,
        job.params.max_steps,
        job.output.structure,
        job.output.record,
        start=job.input.get("start"),
    )
    steps.hamiltonian(job.output.structure, engine, workdir / "hamiltonian", job.output.hamiltonian)
