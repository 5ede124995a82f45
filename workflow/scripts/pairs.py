from qdjunction.interference.settings import InterferenceSettings
from qdjunction.steps.pairs import pairs_of_study
from qdjunction.study.job import running

job = snakemake
with running(job):
    pairs_of_study(
        job.input.hamiltonian,
        job.input.series,
        job.params.contacts,
        InterferenceSettings(**job.params.interference),
        job.output.table,
        job.output.summary,
    )
