from qdjunction.steps.coupling import couplings_of_study
from qdjunction.study.job import running

job = snakemake
with running(job, required=[]):
    couplings_of_study(
        job.params.names,
        job.input.hamiltonians,
        job.params.confidence,
        job.output.table,
        job.output.summary,
    )
