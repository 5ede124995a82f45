from qdjunction.interference.settings import InterferenceSettings, StructureSeriesSettings
from qdjunction.steps.interference import structure_series
from qdjunction.study.job import running

job = snakemake
with running(job, required=[]):
    structure_series(
        StructureSeriesSettings(**job.params.series),
        job.params.junctions,
        job.input.transmissions,
        job.input.frontiers,
        job.params.temperature_k,
        InterferenceSettings(**job.params.decay),
        job.output.conductance,
        job.output.series,
        job.output.summary,
    )
