"""Opening files and folders of traces.

All traces are processed in the same way: a reader yields columns, and `qdjunction.traces.division` converts them,
divides them and checks that they can be traces. What fails is left out with its reason and never ends a pass.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from qdjunction.core.errors import InputError
from qdjunction.traces.division import traces_of
from qdjunction.traces.readers.contract import Recording
from qdjunction.traces.readers.registry import format_of, known_reader, reader_of
from qdjunction.traces.readers.text import TextFile
from qdjunction.traces.settings import ReadSettings
from qdjunction.traces.trace import BadTrace, Trace, TraceSource

logger = logging.getLogger(__name__)

_NO_RANGE = ((float("nan"), float("nan")), (float("nan"), float("nan")))


def open_traces(path: str | Path, settings: ReadSettings | None = None) -> TraceSource:
    """Open a folder of files or a file of traces.

    Parameters
    ----------
    path : str or Path
        A folder or a file in one of `qdjunction.traces.readers.registry.FORMATS`.
    settings : ReadSettings, optional
        File names, columns and units of text files. The names of the arrays in array files contain the units.

    Returns
    -------
    TraceSource
        A stream of traces, read lazily. Traces that cannot be read are listed in its `bad`, assumptions in its
        `notes`.

    Raises
    ------
    InputError
        If there is no such folder or file, or it contains nothing that can be a trace.
    """
    path = Path(path)
    settings = settings or ReadSettings()
    files = trace_files(path, settings)
    return _FolderSource(path, files, settings) if path.is_dir() else _FileSource(path, settings)


def trace_files(path: str | Path, settings: ReadSettings | None = None) -> list[Path]:
    """Return the files that would be read, without reading any.

    Parameters
    ----------
    path : str or Path
        A folder or a file.
    settings : ReadSettings, optional
        `ReadSettings.pattern` selects the files of a folder.

    Returns
    -------
    list of Path
        Not empty; in the order of the numbers in their names.

    Raises
    ------
    InputError
        If there is no such folder or file, if no file of the folder matches, or if the suffix of the file is not
        known.
    """
    return sorted(_matching(Path(path), settings or ReadSettings()), key=lambda file: _natural(file.name))


def check_trace_files(path: str | Path, settings: ReadSettings | None = None) -> None:
    """Refuse what `trace_files` refuses, at the first file that would be read, however many there are.

    Raises
    ------
    InputError
        As `trace_files`.
    """
    next(_matching(Path(path), settings or ReadSettings()))


def _matching(path: Path, settings: ReadSettings) -> Iterator[Path]:
    """Yield the files that would be read, at least one, in any order."""
    found = False
    try:
        if path.is_file():
            known_reader(path)
            yield path
            return
        if not path.is_dir():
            where = "" if path.is_absolute() else f" in {Path.cwd()}"
            raise InputError(f"{path}: no such folder or file{where}; give a folder or a file of traces")
        for file in path.glob(settings.pattern):
            # A broken link is listed, so that it is left out with a reason.
            if (file.is_file() or (file.is_symlink() and not file.exists())) and not file.name.startswith(
                "."
            ):
                found = True
                yield file
    except (OSError, ValueError, NotImplementedError) as error:
        raise InputError(
            f"{path}: cannot be searched for traces.read.pattern '{settings.pattern}' ({error})"
        ) from None
    if not found:
        raise InputError(
            f"{path}: no file matches traces.read.pattern '{settings.pattern}'; correct one of them"
        )


@dataclass(frozen=True)
class Preview:
    """What is understood of a file, for a person to check.

    Attributes
    ----------
    format : str
        Name of the file format.
    recordings : tuple of RecordingPreview
        The first recordings of the file.
    more : bool
        Whether it has more of them.
    """

    format: str
    recordings: tuple["RecordingPreview", ...]
    more: bool


@dataclass(frozen=True)
class RecordingPreview:
    """What is understood of two columns of a file.

    Attributes
    ----------
    label : str
        Label of the recording in the file.
    columns : (str, str)
        What the file calls displacement and conductance; empty where it names neither.
    settings : ReadSettings
        Units, calibrations and direction.
    points : int
        Points recorded.
    raw : ((float, float), (float, float))
        Smallest and largest displacement and conductance, as recorded.
    traces : tuple of Trace or BadTrace
        The traces in it, and what is left out with the reason.
    notes : tuple of str
        Assumptions.
    """

    label: str
    columns: tuple[str, str]
    settings: ReadSettings
    points: int
    raw: tuple[tuple[float, float], tuple[float, float]]
    traces: tuple[Trace | BadTrace, ...]
    notes: tuple[str, ...]


def preview(path: str | Path, settings: ReadSettings | None = None, most: int = 5) -> Preview:
    """Return what is understood of a file.

    Parameters
    ----------
    path : str or Path
        A file.
    settings : ReadSettings, optional
        Columns and units.
    most : int
        Number of recordings to look at.

    Raises
    ------
    InputError
        If there is no such file, or it cannot be read; the message gives the reason.
    """
    path, settings = Path(path), settings or ReadSettings()
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give one of its files")
    check_trace_files(path, settings)
    found = list(islice(_File(path, settings, f"{path}: "), most + 1))
    return Preview(
        format_of(path), tuple(_previewed(path.name, one) for one in found[:most]), len(found) > most
    )


def _previewed(name: str, recording: Recording) -> RecordingPreview:
    source = _Source(Path(name), recording.settings)
    traces = list(source._traces_of(name, recording))
    d, g = (column[np.isfinite(column)] for column in (recording.displacement, recording.conductance))
    return RecordingPreview(
        label=recording.label,
        columns=recording.columns,
        settings=recording.settings,
        points=len(recording.displacement),
        raw=((float(d.min()) + 0.0, float(d.max()) + 0.0), (float(g.min()), float(g.max())))
        if len(d) and len(g)
        else _NO_RANGE,
        traces=(*traces, *source.bad),
        notes=tuple(source.notes) or recording.notes,
    )


class _Source:
    """Traces that can be iterated over repeatedly; subclasses define their files."""

    def __init__(self, path: Path, settings: ReadSettings):
        self.path = path
        self.bad: list[BadTrace] = []
        self.notes: Counter[str] = Counter()
        self._settings = settings

    def _begin(self) -> None:
        self.bad.clear()
        self.notes.clear()

    def _traces_of(self, name: str, recording: Recording) -> Iterator[Trace]:
        """Yield the traces of a recording, and record what else it contains."""
        if recording.label:
            name = f"{name}[{recording.label}]"
        try:
            columns = list(traces_of(recording.displacement, recording.conductance, recording.settings))
        except InputError as error:
            self.bad.append(BadTrace(name, str(error)))
            return
        for number, item in enumerate(columns):
            part = name if len(columns) == 1 else f"{name}[{number}]"
            if isinstance(item, InputError):
                self.bad.append(BadTrace(part, str(item)))
            else:
                yield Trace(part, *item)
                self.notes.update(recording.notes)
                if len(columns) > 1:
                    self.notes["one of several traces in a recording, divided where they start again"] += 1


class _File:
    """An opened file; whatever fails in its reader is raised as `InputError`.

    Files come from many sources, and the libraries that read them raise many things where one is damaged.

    Parameters
    ----------
    path : Path
        The file; one with an unknown suffix is read as text.
    settings : ReadSettings
        Columns and units.
    before : str
        Begin of the messages, which otherwise give only the reason.
    """

    def __init__(self, path: Path, settings: ReadSettings, before: str = ""):
        self._path, self._before = path, before
        with self._reasons():
            self._reader = (reader_of(path) or TextFile)(path, settings)

    def __len__(self) -> int:
        with self._reasons():
            return len(self._reader)

    def __iter__(self) -> Iterator[Recording]:
        with self._reasons():
            yield from self._reader

    @contextmanager
    def _reasons(self) -> Iterator[None]:
        try:
            yield
        except InputError as error:
            reason = str(error)
        except Exception as error:
            logger.debug("%s", self._path, exc_info=True)
            if isinstance(error, OSError) and error.filename is not None and (error.errno or 0) > 0:
                reason = f"it cannot be read ({error.strerror})"
            else:
                told = " ".join(f"{type(error).__name__}: {error}".split())
                reason = (
                    f"it cannot be read as {format_of(self._path)} ({told[:200]}): it is damaged or has another "
                    "format; copy it again"
                )
        else:
            return
        raise InputError(f"{self._before}{reason}") from None


class _FileSource(_Source):
    """Traces of one file; an error in it is raised."""

    def __init__(self, path: Path, settings: ReadSettings):
        super().__init__(path, settings)
        self._file = _File(path, settings, f"{path}: ")

    def __len__(self) -> int:
        return len(self._file)

    def __iter__(self) -> Iterator[Trace]:
        self._begin()
        for recording in self._file:
            yield from self._traces_of(self.path.name, recording)


class _FolderSource(_Source):
    """Traces of the files of a folder; a file that cannot be read is left out."""

    def __init__(self, path: Path, files: list[Path], settings: ReadSettings):
        super().__init__(path, settings)
        self._files = files

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[Trace]:
        self._begin()
        for file in self._files:
            for recording in self._recordings(file):
                yield from self._traces_of(file.name, recording)

    def _recordings(self, file: Path) -> Iterator[Recording]:
        try:
            yield from _File(file, self._settings)
        except InputError as error:
            self.bad.append(BadTrace(file.name, str(error)))


def _natural(name: str) -> list[tuple[int, int, str]]:
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part
    ]
