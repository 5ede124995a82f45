from qdjunction.report.redraw import write_overview_files
from qdjunction.study.job import running
from qdjunction.study.study_file import study_of, write_study

job = snakemake
with running(job, required=[]):
    write_study(job.params["values"], job.output.study)
    study = study_of(job.params["values"], job.params.results)
    write_overview_files(study, job.output.page, job.output.table)
