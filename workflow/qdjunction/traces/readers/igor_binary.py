"""Igor binary waves (``.ibw``): a matrix of columns, or one wave with an x scaling.

Source: WaveMetrics, Technical Note TN003, "Igor Binary Format"; read by igor2.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from qdjunction.core.errors import InputError
from qdjunction.core.extras import extra
from qdjunction.traces.readers.blocks import Column, Scaling, recordings
from qdjunction.traces.readers.contract import Format, Recording, check_real
from qdjunction.traces.settings import ReadSettings


class IgorBinary:
    """One wave.

    Parameters
    ----------
    path : Path
        The file.
    settings : ReadSettings
        Columns and units.
    """

    def __init__(self, path: Path, settings: ReadSettings):
        with extra("traces"):
            from igor2 import binarywave
        self._settings = settings
        self._wave: dict[str, Any] = binarywave.load(str(path))["wave"]

    def __len__(self) -> int:
        """Return 1: the file has one wave."""
        return 1

    def __iter__(self) -> Iterator[Recording]:
        """Yield its recordings."""
        header, values = self._wave["wave_header"], np.asarray(self._wave["wData"])
        name, unit = _text(header["bname"]), _text(self._wave.get("data_units", b""))
        check_real(f"its wave {name}", values.dtype)
        if not values.size:
            # A damaged header may still claim thousands of millions of columns.
            raise InputError(f"its wave {name} is empty; record it again")
        if values.ndim == 1:
            columns = [Column.of(values, name, unit or _text(header.get("dataUnits", b"")))]
            yield from recordings("", columns, self._settings, _scaling(header, self._wave))
            return
        if values.ndim != 2:
            raise InputError(f"its wave {name} has {values.ndim} dimensions; one or two are required")
        labels = [_text(label) for label in (self._wave.get("labels") or [[], []])[1]]
        # The first label is that of the whole dimension.
        labels = labels[1:] if len(labels) == values.shape[1] + 1 else labels
        labels += [""] * (values.shape[1] - len(labels))
        columns = [Column.of(values[:, column], label) for column, label in enumerate(labels)]
        yield from recordings("", columns, self._settings)


def _scaling(header: Any, wave: dict[str, Any]) -> Scaling:
    """Return the x values: point times ``sfA`` plus ``sfB``, scalars in version 2 of the format."""
    version_2 = "hsA" in header
    step, first = (header["hsA"], header["hsB"]) if version_2 else (header["sfA"][0], header["sfB"][0])
    unit = header["xUnits"] if version_2 else header["dimUnits"][0]
    extended = wave.get("dimension_units", b"")
    return Scaling(float(first), float(step), _text(unit) or _text(extended))


def _text(value: Any) -> str:
    """Return the text of bytes or of an array of single characters, without the padding."""
    if isinstance(value, np.ndarray):
        value = b"".join(bytes(part) for part in value.ravel())
    text = value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
    return text.split("\0")[0].strip()


KIND = Format("Igor binary wave", (".ibw",), IgorBinary)
