"""The steps of a screening: those of `steps`, for all contacts of a dot, from pack to pack."""

import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from qdjunction import __version__, steps
from qdjunction.core.errors import InputError
from qdjunction.core.files import whole
from qdjunction.core.provenance import digest, digests, provenance
from qdjunction.engine.contract import Engine
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.study.config import ElectrodeSettings, TransportSettings
from qdjunction.study.failures import need, read_failure
from qdjunction.study.packs import (
    JUNCTION_FILES,
    TRANSPORT_FILES,
    drop_unpacked,
    keep,
    read_manifest,
    unpack,
    write_pack,
)
from qdjunction.study.records import read_record

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
    packing = _Packing(Path(output), workdir, JUNCTION_FILES)
    done = packing.fill(keys, work)
    records = {name: read_record(workdir / name / "hamiltonian.nc") for name in done}
    engine_of_all = _one_engine({name: record.engine for name, record in records.items() if record})
    packing.write(names, done, inputs, common["electrodes"], engine_of_all)
    packing.clear(names)


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
    packing = _Packing(Path(output), workdir, TRANSPORT_FILES)
    packing.write(list(contacts), packing.fill(keys, work), digests(junctions), common, {})
    with attempt("", tables):
        spectra, levels = ([workdir / name / file for name in contacts] for file in TRANSPORT_FILES)
        steps.series(contacts, spectra, levels, settings.temperature_k, interference, *tables)
    packing.clear(list(contacts))


@dataclass(frozen=True)
class _Packing:
    """The making of a pack, contact by contact.

    Attributes
    ----------
    pack : Path
        What is made.
    workdir : Path
        Working folder, with a folder for each contact. A hidden file in that holds the key of the work that is done.
    files : tuple of str
        Files of each contact that the pack is to hold.
    """

    pack: Path
    workdir: Path
    files: tuple[str, ...]

    def fill(self, keys: Mapping[str, str], work: Callable[[str, Path], None]) -> dict[str, str]:
        """Do the work of every contact that was not done before with the same key; give the keys of all results."""
        self._take_over()
        done = {}
        for number, (name, key) in enumerate(keys.items(), start=1):
            folder, mark = self.workdir / name, self._mark(name)
            if self._is_there(name) and mark.read_text(errors="replace") == key:
                log.info("%s, contact %d of %d: done before", name, number, len(keys))
                done[name] = key
                continue
            log.info("%s, contact %d of %d", name, number, len(keys))
            folder.mkdir(parents=True, exist_ok=True)
            mark.unlink(missing_ok=True)
            work(name, folder)
            if not any(read_failure(folder / file) for file in self.files):
                _write_text(mark, key)
                done[name] = key
        return done

    def write(
        self,
        names: Sequence[str],
        done: Mapping[str, str],
        inputs: Mapping[str, str],
        settings: Mapping[str, Any],
        engine: Mapping[str, Any],
    ) -> None:
        """Write the pack with the files of all contacts, results and records of failures."""
        manifest = {
            "keys": done,
            "engine": engine,
            "provenance": provenance(inputs=inputs, settings=settings),
        }
        write_pack(
            self.pack, self.workdir, [f"{name}/{file}" for name in names for file in self.files], manifest
        )
        keep(self.pack, self.workdir)
        drop_unpacked(self.pack, names)

    def clear(self, names: Sequence[str]) -> None:
        """Delete the single files that are in the pack."""
        for name in names:
            # The key goes first: it must not outlive what it speaks of.
            for path in (self._mark(name), *(self.workdir / name / file for file in self.files)):
                path.unlink(missing_ok=True)
            if not any((self.workdir / name).iterdir()):
                (self.workdir / name).rmdir()

    def _take_over(self) -> None:
        """Unpack the contacts that have results in the pack before, unless newer ones are there."""
        before = self.workdir / self.pack.name
        if not before.exists():
            return
        for name, key in read_manifest(before)["keys"].items():
            if not self._is_there(name):
                unpack(before, self.workdir, [f"{name}/{file}" for file in self.files])
                _write_text(self._mark(name), str(key))

    def _is_there(self, name: str) -> bool:
        return all(
            path.is_file()
            for path in (self._mark(name), *(self.workdir / name / file for file in self.files))
        )

    def _mark(self, name: str) -> Path:
        return self.workdir / name / f".{self.pack.stem}.key"


def _write_text(path: Path, text: str) -> None:
    with whole(path) as temporary:
        temporary.write_text(text)


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
