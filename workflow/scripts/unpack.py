from pathlib import Path

from qdjunction.study.job import running
from qdjunction.study.packs import unpack

job = snakemake
with running(job):
    for pack, files in (
        (job.input.junctions, job.output.junctions),
        (job.input.transport, job.output.transport),
    ):
        members = [f"{job.wildcards.junction}/{Path(path).name}" for path in files]
        unpack(pack, Path(files[0]).parents[1], members)
