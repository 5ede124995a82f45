from pathlib import Path

from qdjunction.interference.settings import InterferenceSettings
from qdjunction.steps.interference import frontier_of_study
from qdjunction.steps.transport import transmission_of_study
from qdjunction.study.config import TransportSettings
from qdjunction.study.failures import recorded_case, require_results
from qdjunction.study.job import running

job = snakemake
transport = TransportSettings(**job.params.transport)
interference = InterferenceSettings(**job.params.interference)
electrode = job.input.get("electrode") or None
with running(job, required=[]):
    files = zip(job.input.hamiltonians, job.output.transmissions, job.output.frontiers, strict=True)
    for name, (hamiltonian, transmission, frontier) in zip(job.params.contacts, files, strict=True):
        workdir = Path(job.params.workdir) / name
        with recorded_case(job, name, [transmission]):
            require_results(hamiltonian)
            transmission_of_study(hamiltonian, transport, transmission, job.params.cache, workdir, electrode)
        with recorded_case(job, name, [frontier], step="frontier"):
            require_results(hamiltonian)
            frontier_of_study(hamiltonian, interference, frontier, workdir)
