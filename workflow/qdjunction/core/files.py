"""Writing files atomically: a reader sees the complete file or none."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def absent(path: Path) -> str:
    """Return why a path is no file that can be read, for errors."""
    return "is a folder; name a file in it" if path.is_dir() else "there is no such file"


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` and move it into place when the block succeeds.

    Parameters
    ----------
    path : str or Path
        Path of the finished file. Missing folders are created. The temporary name has the same suffix, since many
        writers choose the format by it.

    Yields
    ------
    Path
        The temporary file to write to. If the block raises, it is deleted and `path` is left unchanged.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes private files; a result gets the permissions of the user's umask.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(values: Any, path: str | Path) -> None:
    """Write plain values as JSON, atomically; NaN becomes null."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(_plain(values), indent=1) + "\n", encoding="utf-8")


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a tidy table as CSV, atomically."""
    with writing_table(path) as write:
        write(table)


@contextmanager
def writing_table(path: str | Path) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Write a tidy table as CSV in parts, atomically, so that it need not fit into memory.

    Parameters
    ----------
    path : str or Path
        File to write.

    Yields
    ------
    callable
        Call it with each part; all have the same columns.
    """
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        yield lambda part: part.to_csv(
            file, index=False, header=file.tell() == 0, float_format="%.10g", lineterminator="\n"
        )


def _plain(value: Any) -> Any:
    """Return a value with numpy types and NaN replaced by what JSON supports."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
