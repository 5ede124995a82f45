"""Traces in TDMS files of LabVIEW: each group is a block of channels.

Source: National Instruments, "TDMS File Format Internal Structure"; read by npTDMS.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qdjunction.core.errors import InputError
from qdjunction.core.extras import extra
from qdjunction.traces.readers.blocks import Column, Scaling, recordings
from qdjunction.traces.readers.contract import Format, Recording, is_real
from qdjunction.traces.settings import ReadSettings


class TdmsFile:
    """A TDMS file; its channels are read in slices.

    Parameters
    ----------
    path : Path
        The file.
    settings : ReadSettings
        Columns and units.
    """

    def __init__(self, path: Path, settings: ReadSettings):
        with extra("traces"):
            import nptdms
        self._open: Any = vars(nptdms)["TdmsFile"].open
        self._path, self._settings = path, settings
        with path.open("rb") as file:
            if file.read(4) != b"TDSm":
                raise InputError("it is not a TDMS file: its first bytes are not TDSm")

    def __len__(self) -> int:
        """Return the number of groups with channels."""
        with self._open(self._path) as data:
            return sum(bool(group.channels()) for group in data.groups())

    def __iter__(self) -> Iterator[Recording]:
        """Yield the recordings, group by group."""
        found = False
        with self._open(self._path) as data:
            for group in data.groups():
                channels = [one for one in group.channels() if len(one) and is_real(one.dtype)]
                if not channels:
                    continue
                found = True
                yield from recordings(
                    group.name, [_column(one) for one in channels], self._settings, _scaling(channels[0])
                )
        if not found:
            raise InputError("it holds no channel of numbers")


def _column(channel: Any) -> Column:
    unit = str(channel.properties.get("unit_string", "") or "")
    return Column(channel.name, unit, len(channel), lambda first, end: channel[first:end])


def _scaling(channel: Any) -> Scaling | None:
    """Return the x values of a waveform."""
    given = channel.properties
    if "wf_increment" not in given:
        return None
    unit = str(given.get("wf_xunit_string", "") or "")
    return Scaling(float(given.get("wf_start_offset", 0.0)), float(given["wf_increment"]), unit)


KIND = Format("TDMS of LabVIEW", (".tdms",), TdmsFile)
