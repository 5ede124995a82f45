"""Packs: results of all contacts of a dot in one ZIP file, so that a screening of thousands leaves few files.

A pack holds ``L-R3/hamiltonian.nc`` and so on, as these would lie in the folder of the dot, and ``pack.json``: who made
it, the SHA-256 of every file, and the key of the work behind every contact that has a result.
"""

import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from qdjunction.core.errors import InputError
from qdjunction.core.files import whole

SUFFIX = ".zip"
MANIFEST = "pack.json"
JUNCTION_FILES = ("junction.extxyz", "junction.json", "hamiltonian.nc")
"""Of every contact in ``junctions.zip``."""
TRANSPORT_FILES = ("transmission.nc", "frontier.json")
"""Of every contact in ``transport.zip``."""

_DAMAGES = (
    zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, AttributeError, ValueError, RuntimeError,
    NotImplementedError, RecursionError,
)  # fmt: skip
"""What zipfile and json raise on damaged files."""


def zip_entry(path: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    """Entry of a ZIP file with a date that is the same for all: ZIP knows no time zones, and records hold the times."""
    info = zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, mode << 16
    info.create_system = 3  # Unix, wherever it is made
    return info


def write_pack(
    path: str | Path, workdir: str | Path, members: Sequence[str], manifest: Mapping[str, Any]
) -> None:
    """Write a pack, whole or not at all.

    Parameters
    ----------
    path : str or Path
        The ``.zip`` file.
    workdir : str or Path
        Folder that the members are in.
    members : sequence of str
        Files as ``contact/file``.
    manifest : mapping
        What ``pack.json`` is to say besides the digests; ``keys`` by contact among it.
    """
    digests: dict[str, str] = {}
    with whole(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name in members:
            content = (Path(workdir) / name).read_bytes()
            digests[name] = sha256(content).hexdigest()
            archive.writestr(zip_entry(name), content)
        archive.writestr(zip_entry(MANIFEST), json.dumps({**manifest, "sha256": digests}, indent=1) + "\n")


def read_manifest(path: str | Path) -> dict[str, Any]:
    """Read ``pack.json`` of a pack.

    Raises
    ------
    InputError
        If the file is missing, damaged or no pack.
    """
    with _opened(path) as archive:
        manifest = json.loads(archive.read(MANIFEST))
        for name in manifest["keys"]:
            _check_name(name)
        for name in manifest["sha256"]:
            _check_name(*PurePosixPath(name).parts)
        return manifest


def unpack(path: str | Path, folder: str | Path, members: Sequence[str]) -> None:
    """Put members of a pack into a folder, each whole or not at all.

    Raises
    ------
    InputError
        If the file is missing or damaged, no pack, or lacks one of them.
    """
    with _opened(path) as archive:
        there = archive.namelist()
        contents = {name: archive.read(name) for name in members if name in there}
    for name in members:
        if name not in contents:
            raise InputError(
                f"{path}: holds no {name}; the study has no such contact, or it was added since: run it first"
            )
        with whole(Path(folder) / name) as temporary:
            temporary.write_bytes(contents[name])


def members_that_begin(path: str | Path, head: bytes) -> dict[str, bytes]:
    """Read those members of a pack that begin with `head`, by their names.

    Raises
    ------
    InputError
        If the file is missing or damaged, or no pack.
    """
    found = {}
    with _opened(path) as archive:
        for info in archive.infolist():
            with archive.open(info) as file:
                if file.read(len(head)) == head:
                    found[info.filename] = head + file.read()
    return found


def keep(path: str | Path, workdir: str | Path) -> None:
    """Keep a pack in a working folder: Snakemake deletes outputs before it makes them anew, even for a contact more."""
    with whole(Path(workdir) / Path(path).name) as temporary:
        temporary.unlink()
        try:
            os.link(path, temporary)  # one file under two names
        except OSError:  # not every file system has that
            shutil.copyfile(path, temporary)


def drop_unpacked(path: str | Path, contacts: Sequence[str]) -> None:
    """Delete what was unpacked from an earlier pack or made of that, and the page of the dot: all on demand only."""
    folder = Path(path).parent
    for contact in contacts:
        for name in (*JUNCTION_FILES, *TRANSPORT_FILES, "local_density.nc"):
            (folder / contact / name).unlink(missing_ok=True)
    (folder / "report" / "index.html").unlink(missing_ok=True)


def _check_name(*parts: str) -> None:
    """Names from a file lead nowhere but into the folder they are unpacked to."""
    if (
        not parts
        or len(parts) > 2
        or any("/" in part or "\\" in part or part in ("", ".", "..") for part in parts)
    ):
        raise ValueError(f"odd names: {parts}")


@contextmanager
def _opened(path: str | Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    except _DAMAGES as error:
        raise InputError(
            f"{path}: no whole pack of results ({type(error).__name__}: {error}); delete it and run again"
        ) from error
