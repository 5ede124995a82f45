from pathlib import Path

from qdjunction.config import parse_config
from qdjunction.jobs import running
from qdjunction.report.data import collect
from qdjunction.report.page import write_report
from qdjunction.study import make_study

job = snakemake
with running(job, needs=[]):
    study = make_study(parse_config(job.params.config), job.params.catalogue)
    write_report(collect(study), job.output[0], Path(job.input.figures[0]).parent)
