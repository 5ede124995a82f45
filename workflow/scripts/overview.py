from pathlib import Path

from qdjunction.jobs import running
from qdjunction.report.redraw import write_overview_files
from qdjunction.study import read_study

job = snakemake
with running(job, needs=[]):
    write_overview_files(read_study(Path(job.input.study).parent), job.output.page, job.output.table)
