from pathlib import Path

from qdjunction.jobs import running
from qdjunction.report.data import collect
from qdjunction.report.page import write_report
from qdjunction.study import read_study

job = snakemake
with running(job, needs=[]):
    results = collect(read_study(Path(job.input.study).parent))
    write_report(results, job.output[0], Path(job.input.figures[0]).parent)
