from qdjunction.jobs import running
from qdjunction.study import write_study

job = snakemake
with running(job):
    write_study(job.params["values"], job.output[0])
