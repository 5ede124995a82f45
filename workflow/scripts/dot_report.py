from qdjunction.report.collect import collect
from qdjunction.report.page import write_report
from qdjunction.report.redraw import write_figures
from qdjunction.study.job import running
from qdjunction.study.study_file import study_of

job = snakemake
with running(job, required=[]):
    results = collect(study_of(job.params["values"], job.params.results).only(job.wildcards.dot))
    write_figures(results, job.output.figures)
    write_report(results, job.output.page, job.output.figures)
