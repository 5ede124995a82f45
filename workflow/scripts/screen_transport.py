from functools import partial

from qdjunction import screen_steps
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.study.config import TransportSettings
from qdjunction.study.failures import recorded_case
from qdjunction.study.job import running

job = snakemake
with running(job):
    screen_steps.transport(
        job.input.junctions,
        job.params.contacts,
        TransportSettings(**job.params.transport),
        InterferenceSettings(**job.params.interference),
        job.params.workdir,
        job.params.cache,
        job.output.pack,
        (job.output.conductance, job.output.series, job.output.summary),
        partial(recorded_case, job),
    )
