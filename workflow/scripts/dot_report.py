from pathlib import Path

from qdjunction.jobs import running
from qdjunction.report.data import collect
from qdjunction.report.page import write_report
from qdjunction.report.redraw import write_figures
from qdjunction.study import read_study

job = snakemake
with running(job, needs=[]):
    results = collect(read_study(Path(job.input.study).parent).only(job.wildcards.dot))
    write_figures(results, job.output.figures)
    write_report(results, job.output.page, job.output.figures)
