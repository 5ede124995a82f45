from qdjunction.engine.registry import make_engine
from qdjunction.steps.electronic import hamiltonian
from qdjunction.steps.structure import relax
from qdjunction.study.failures import recorded_case
from qdjunction.study.job import running

job = snakemake
with running(job):
    engine = make_engine(**job.params.engine, threads=job.threads, resources=job.resources)
    relax(
        job.input.structure,
        engine,
        job.params.workdir,
        job.params.fmax_ev_per_ang,
        job.params.max_steps,
        job.output.structure,
        job.output.record,
        start=job.input.get("start"),
    )
    # A pre-relaxation leaves the SCF of the bare dot to the relaxation.
    if matrices := job.output.get("hamiltonian"):
        with recorded_case(job, "", [matrices], step="hamiltonian"):
            hamiltonian(job.output.structure, engine, job.params.hamiltonian_workdir, matrices)
