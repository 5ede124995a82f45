from pathlib import Path

from qdjunction.report.collect import collect
from qdjunction.report.redraw import write_figures
from qdjunction.study.job import running
from qdjunction.study.study_file import study_of

job = snakemake
with running(job, required=[]):
    results = collect(study_of(job.params["values"], job.params.results))
    write_figures(results, Path(job.output.record).parent)
