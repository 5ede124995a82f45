"""The steps of a screening: those of `steps`, for all contacts of a dot, from pack to pack."""

import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path
from typing import Any

from qdjunction import __version__, steps
from qdjunction.config import ElectrodeSettings, TransportSettings
from qdjunction.engine.contract import Engine
from qdjunction.errors import InputError
from qdjunction.failures import need, read_failure
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.packs import (
    JUNCTION_FILES,
    TRANSPORT_FILES,
    clear,
    drop_unpacked,
    is_done,
    keep,
    mark_done,
    read_manifest,
    take_over,
    unpack,
    write_pack,
)
from qdjunction.provenance import digest, digests, provenance
from qdjunction.records import read_record

log = logging.getLogger(__name__)

Attempt = Callable[[str, Sequence[Path]], AbstractContextManager[None]]
"""What a contact is computed under, given its name and its files: the study's failure policy."""


def junctions(
    structure: str | Path,
    contacts: Mapping[str, Sequence[str]],
    electrodes: ElectrodeSettings,
    engine: Engine,
    workdir: str | Path,
    output: str | Path,
    attempt: Attempt,
    more_inputs: Sequence[str | Path] = (),
    seed_density: bool = False,
) -> None:
    """Attach the pyramids to every contact of a dot and converge each junction's SCF.

    Parameters
    ----------
    structure : str or Path
        The relaxed dot.
    contacts : mapping
        Left and right contact by name of the junction.
    electrodes : ElectrodeSettings
        The pyramids.
    engine : Engine
        Who computes.
    workdir : str or Path
        Working folder of the dot. Contacts that an earlier call has done are not done again, whether it was
        interrupted or wrote its pack, if they come from the same work.
    output : str or Path
        The pack to write.
    attempt : callable
        See `Attempt`.
    more_inputs : sequence of path
        Other files that the result depends on.
    seed_density : bool
        Whether an SCF may start from the density of the contact before.

    Raises
    ------
    InputError
        If an earlier pack is damaged.
    """
    workdir, names = Path(workdir), list(contacts)
    inputs = digests(structure, *more_inputs)
    info = engine.info
    common = {
        "electrodes": electrodes.model_dump(mode="json"),
        "engine": [info.name, info.method, info.settings],
    }

    def work(name: str, folder: Path) -> None:
        with attempt(name, [folder / file for file in JUNCTION_FILES]):
            atoms, record, matrices = (folder / file for file in JUNCTION_FILES)
            steps.junction(structure, *contacts[name], electrodes, atoms, record)
            index = names.index(name)
            before = workdir / names[index - 1] / "hamiltonian" if seed_density and index else None
            steps.hamiltonian(atoms, engine, folder / "hamiltonian", matrices, before)

    keys = {
        name: _key(list(inputs.values()), contact=list(pair), **common) for name, pair in contacts.items()
    }
    _fill(output, workdir, JUNCTION_FILES, keys, work)
    engines = {name: read_record(workdir / name / "hamiltonian.nc") for name in names}
    found = {name: record.engine for name, record in engines.items() if record and not record.failure}
    _pack(output, workdir, JUNCTION_FILES, keys, inputs, common["electrodes"], _one_engine(found))
    clear(output, workdir, _members(names, JUNCTION_FILES))


def transport(
    junctions: str | Path,
    contacts: Mapping[str, Sequence[str]],
    settings: TransportSettings,
    interference: InterferenceSettings,
    workdir: str | Path,
    cache: str | Path,
    output: str | Path,
    tables: tuple[Path, Path, Path],
    attempt: Attempt,
) -> None:
    """Compute T(E) and the orbital rule of every junction in a pack, and hold the junctions of the dot together.

    Parameters
    ----------
    junctions : str or Path
        The pack that `junctions` wrote.
    contacts : mapping
        Left and right contact by name of the junction.
    settings, interference
        The study's.
    workdir, output, attempt
        As for `junctions`.
    cache : str or Path
        Folder of the surfaces of bulk electrodes.
    tables : 3 paths
        Conductances, series and summary, as `steps.series` writes them.

    Raises
    ------
    InputError
        If a pack is damaged or lacks a contact.
    """
    workdir = Path(workdir)
    made = read_manifest(junctions)["sha256"]
    electrode = [digest(settings.leads.electrode)] if settings.leads.electrode else []
    # Without the settings of the series, which is quickly made.
    common = {
        "transport": settings.model_dump(mode="json", exclude={"temperature_k"}),
        "interference": interference.model_dump(mode="json", include={"reference", "offset_ev"}),
    }
    unpacked = workdir / ".unpacked"
    if missing := [name for name in contacts if f"{name}/hamiltonian.nc" not in made]:
        raise InputError(
            f"{junctions}: lacks {', '.join(missing)}; run Snakemake without --rerun-triggers mtime, so that contacts "
            "which were added are computed"
        )

    def work(name: str, folder: Path) -> None:
        matrices = unpacked / name / "hamiltonian.nc"
        unpack(junctions, unpacked, [f"{name}/{matrices.name}"])
        spectrum, levels = (folder / file for file in TRANSPORT_FILES)
        with attempt(name, [spectrum, levels]):
            need(matrices)
            steps.transmission_of_study(matrices, settings, spectrum, cache)
            steps.frontier(matrices, interference, levels)
        shutil.rmtree(unpacked)

    keys = {name: _key([made[f"{name}/hamiltonian.nc"], *electrode], **common) for name in contacts}
    _fill(output, workdir, TRANSPORT_FILES, keys, work)
    _pack(output, workdir, TRANSPORT_FILES, keys, digests(junctions), common, {})
    with attempt("", tables):
        spectra, levels = ([workdir / name / file for name in contacts] for file in TRANSPORT_FILES)
        lefts = [left for left, _ in contacts.values()]
        steps.series(list(contacts), lefts, spectra, levels, settings.temperature_k, interference, *tables)
    clear(output, workdir, _members(contacts, TRANSPORT_FILES))


def _fill(
    output: str | Path,
    workdir: Path,
    files: Sequence[str],
    keys: Mapping[str, str],
    work: Callable[[str, Path], None],
) -> None:
    """Do the work of every contact that was not done before with the same key."""
    take_over(output, workdir)
    for number, (name, key) in enumerate(keys.items(), start=1):
        folder = workdir / name
        if is_done(output, folder, files, key):
            log.info("%s, contact %d of %d: done before", name, number, len(keys))
            continue
        log.info("%s, contact %d of %d", name, number, len(keys))
        folder.mkdir(parents=True, exist_ok=True)
        mark_done(output, folder, None)
        work(name, folder)
        if not any(read_failure(folder / file) for file in files):
            mark_done(output, folder, key)


def _pack(
    output: str | Path,
    workdir: Path,
    files: Sequence[str],
    keys: Mapping[str, str],
    inputs: Mapping[str, str],
    settings: Mapping[str, Any],
    engine: Mapping[str, Any],
) -> None:
    manifest = {
        "keys": {name: key for name, key in keys.items() if is_done(output, workdir / name, files, key)},
        "engine": engine,
        "provenance": provenance(inputs=inputs, settings=settings),
    }
    write_pack(output, workdir, _members(keys, files), manifest)
    keep(output, workdir)
    drop_unpacked(output, list(keys))


def _members(contacts: Mapping[str, Any] | Sequence[str], files: Sequence[str]) -> list[str]:
    return [f"{name}/{file}" for name in contacts for file in files]


def _one_engine(engines: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The engine of a pack: that of its first contact, with what only some contacts needed under their names."""
    if not engines:
        return {}
    first = dict(next(iter(engines.values())))
    settings = {name: engine["settings"] for name, engine in engines.items()}
    of_contacts = {
        "corrections": [
            {"contact": name, **one}
            for name, values in settings.items()
            for one in values.get("corrections", [])
        ],
        "scf_tries": [
            f"{name}: {one}" for name, values in settings.items() for one in values.get("scf_tries", [])
        ],
    }
    common = {key: value for key, value in first["settings"].items() if key not in of_contacts}
    return first | {"settings": common | {key: made for key, made in of_contacts.items() if made}}


def _key(inputs: Sequence[str], **settings: Any) -> str:
    """Checksum of all that a result depends on."""
    parts = {"qdjunction": __version__, "inputs": inputs, **settings}
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
