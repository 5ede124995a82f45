"""Opening whatever the traces are in."""

from pathlib import Path

from qdjunction.core.errors import InputError
from qdjunction.traces.arrays import Hdf5File, NpzFile, ParquetFile
from qdjunction.traces.settings import ReadSettings
from qdjunction.traces.text import TextFolder
from qdjunction.traces.trace import TraceSource

_FORMATS = {
    ".npz": NpzFile,
    ".h5": Hdf5File,
    ".hdf5": Hdf5File,
    ".nc": Hdf5File,
    ".mat": Hdf5File,
    ".parquet": ParquetFile,
}


def open_traces(path: str | Path, settings: ReadSettings | None = None) -> TraceSource:
    """Open a folder of text traces, or a file that holds many.

    Parameters
    ----------
    path : str or Path
        A folder, or a ``.npz``, ``.h5``, ``.hdf5``, ``.nc``, ``.mat`` (version 7.3) or ``.parquet`` file.
    settings : ReadSettings, optional
        File names, columns and units of text files. Array files carry their units in the names of their
        arrays.

    Returns
    -------
    TraceSource
        A stream of traces. Nothing is read before it is asked for; what cannot be read is listed in its
        `bad`.

    Raises
    ------
    InputError
        If there is no such folder or file, or nothing in it that can be a trace.
    """
    path = Path(path)
    settings = settings or ReadSettings()
    if path.is_dir():
        return TextFolder(path, settings)
    if not path.is_file():
        raise InputError(f"{path}: no such folder or file; give a folder of text traces or a file of arrays")
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise InputError(
            f"{path}: '{path.suffix}' is not one of {', '.join(_FORMATS)}; one text trace alone is given as "
            f"its folder"
        )
    return kind(path, settings)
