from qdjunction.steps.electronic import correct_hamiltonian
from qdjunction.study.job import running
from qdjunction.transport.observables.level_correction import LevelShifts

job = snakemake
with running(job):
    correct_hamiltonian(job.input.hamiltonian, LevelShifts(**job.params.shifts), job.output.hamiltonian)
