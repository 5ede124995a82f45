from pathlib import Path

from qdjunction.engine.registry import make_engine
from qdjunction.steps.structure import relax_junction
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.study.failures import recorded_case, require_results
from qdjunction.study.job import running

job = snakemake
starts = job.input.get("starts") or [None] * len(job.params.contacts)
with running(job, required=[job.input.structure]):
    electrodes = ElectrodeSettings(**job.params.electrodes)
    engine = make_engine(
        **job.params.engine,
        threads=job.threads,
        resources=job.resources,
        kpoints=electrodes.scf_kpoints,
    )
    files = zip(starts, job.output.structures, job.output.records, strict=True)
    for (name, contacts), (start, structure, record) in zip(job.params.contacts.items(), files, strict=True):
        with recorded_case(job, name, [structure, record]):
            require_results(*filter(None, [start]))
            relax_junction(
                job.input.structure,
                *contacts,
                electrodes,
                engine,
                Path(job.params.workdir, name, job.params.folder),
                job.params.fmax_ev_per_ang,
                job.params.max_steps,
                structure,
                record,
                start=start,
            )
