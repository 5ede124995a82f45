from pathlib import Path

from qdjunction.jobs import running
from qdjunction.report.data import collect
from qdjunction.report.redraw import write_figures
from qdjunction.study import study_of

job = snakemake
with running(job, needs=[]):
    results = collect(study_of(job.params["values"], job.params.results))
    write_figures(results, Path(job.output.record).parent)
