from qdjunction.engine.registry import make_engine
from qdjunction.engine.thermostat import Thermostat
from qdjunction.steps.ensemble import snapshot
from qdjunction.study.job import running

job = snakemake
with running(job):
    snapshot(
        job.input.relaxed,
        job.input.built,
        make_engine(**job.params.engine, threads=job.threads, resources=job.resources),
        Thermostat(**job.params.thermostat),
        job.params.steps,
        job.params.seed,
        job.params.workdir,
        job.output.structure,
        job.output.state,
        job.output.record,
        start=job.input.get("before"),
    )
