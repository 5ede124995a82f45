from pathlib import Path

from qdjunction import logs
from qdjunction.config import parse_config
from qdjunction.report.data import collect
from qdjunction.report.page import write_report
from qdjunction.study import make_study

job = snakemake
with logs.job(job.log[0], "report"):
    study = make_study(parse_config(job.params.config), job.params.catalogue)
    write_report(collect(study), job.output[0], Path(job.input.figures[0]).parent)
