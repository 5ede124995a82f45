from pathlib import Path

from qdjunction.jobs import running
from qdjunction.report.data import collect
from qdjunction.report.redraw import write_figures
from qdjunction.study import read_study

job = snakemake
with running(job, needs=[]):
    results = collect(read_study(Path(job.input.study).parent))
    write_figures(results, Path(job.output.record).parent)
