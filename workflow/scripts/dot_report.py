from pathlib import Path

from qdjunction.config import parse_config
from qdjunction.jobs import running
from qdjunction.report.data import collect
from qdjunction.report.drawing import write_figure
from qdjunction.report.figures import draw
from qdjunction.report.page import write_report
from qdjunction.report.plan import planned_figures
from qdjunction.study import make_study

job = snakemake
with running(job, needs=[]):
    study = make_study(parse_config(job.params.config), job.params.catalogue).only(job.wildcards.dot)
    results = collect(study)
    for figure in planned_figures(study):
        write_figure(draw(results, figure), Path(job.output.figures) / figure.stem)
    write_report(results, job.output.page, job.output.figures)
