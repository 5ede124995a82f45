from qdjunction.config import parse_config
from qdjunction.jobs import running
from qdjunction.report.overview import read_overview, write_overview
from qdjunction.steps import write_table
from qdjunction.study import make_study

job = snakemake
with running(job, needs=[]):
    overview = read_overview(make_study(parse_config(job.params.config), job.params.catalogue))
    write_table(overview.table, job.output.table)
    write_overview(overview, job.output.page)
