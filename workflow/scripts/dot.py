from qdjunction.steps.structure import dot
from qdjunction.structure.sources.registry import SOURCES
from qdjunction.study.job import running

job = snakemake
with running(job):
    source = SOURCES[job.params.settings["source"]]
    dot(
        source.settings_to_build(job.params.settings, "dot"),
        source.definition.model_validate(job.params.definition),
        output=job.output.structure,
        record=job.output.record,
    )
