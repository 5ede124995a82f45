from qdjunction.engine.registry import make_engine
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.steps.slide import slide
from qdjunction.structure.slide_settings import SlideSettings
from qdjunction.study.config import TransportSettings
from qdjunction.study.job import running

job = snakemake
with running(job):
    slide(
        job.input.structure,
        SlideSettings(**job.params.slide),
        job.params.fmax_ev_per_ang,
        job.params.max_steps,
        TransportSettings(**job.params.transport),
        InterferenceSettings(**job.params.interference),
        make_engine(**job.params.engine, threads=job.threads, resources=job.resources),
        job.params.workdir,
        job.params.cache,
        job.output.table,
        job.output.summary,
        job.output.transmissions,
        job.output.path,
    )
