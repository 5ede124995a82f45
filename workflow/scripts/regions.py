from qdjunction.steps.regions import regions_of_dot
from qdjunction.study.job import running

job = snakemake
with running(job):
    regions_of_dot(job.input.structure, job.input.hamiltonian, job.output[0])
