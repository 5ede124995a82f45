from pathlib import Path

from qdjunction.report.collect import collect
from qdjunction.report.page import write_report
from qdjunction.report.redraw import write_paper_table
from qdjunction.study.job import running
from qdjunction.study.study_file import study_of, write_study

job = snakemake
with running(job, required=[]):
    write_study(job.params["values"], job.output.study)
    results = collect(study_of(job.params["values"], job.params.results))
    if job.output.get("paper"):
        write_paper_table(results, job.output.paper)
    write_report(results, job.output.page, Path(job.input.record).parent)
