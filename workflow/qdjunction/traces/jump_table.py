"""Table of selected traces, one row per trace, written while the traces are streamed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qdjunction.core.errors import InputError
from qdjunction.core.extras import extra
from qdjunction.core.files import atomic_write
from qdjunction.traces.selection import Jump

with extra("traces"):
    import pyarrow as pa
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

JUMP_SCHEMA = pa.schema(
    [
        pa.field("file", pa.string(), metadata={"meaning": "file, or file and row, of the trace"}),
        pa.field(
            "index", pa.int64(), metadata={"meaning": "resampled point at the foot of the jump, from 0"}
        ),
        pa.field("displacement_nm", pa.float64(), metadata={"meaning": "displacement at the foot"}),
        pa.field("log10_g", pa.float64(), metadata={"meaning": "log10(G/G0) at the foot"}),
        pa.field("height_decades", pa.float64(), metadata={"meaning": "height of the jump"}),
        pa.field("top_log10_g", pa.float64(), metadata={"meaning": "log10(G/G0) at the top of the jump"}),
        pa.field("top_displacement_nm", pa.float64(), metadata={"meaning": "displacement at the top"}),
        pa.field(
            "plateau_before_log10_g", pa.float64(), metadata={"meaning": "median level before the jump"}
        ),
        pa.field("plateau_after_log10_g", pa.float64(), metadata={"meaning": "median level after the jump"}),
    ]
)
"""Columns of the table of selected traces."""

_ROWS = 4096


class JumpWriter:
    """Writer of jumps to a table, one block of rows at a time; created by `writing_jumps`."""

    def __init__(self, writer: pq.ParquetWriter | pa_csv.CSVWriter):
        self._writer = writer
        self._rows: list[tuple[str | int | float, ...]] = []

    def write(self, jump: Jump) -> None:
        """Add one row."""
        self._rows.append(
            (
                jump.trace, jump.index, jump.displacement_nm, jump.log10_g, jump.height_decades,
                jump.top_log10_g, jump.top_displacement_nm, jump.plateau_before_log10_g, jump.plateau_after_log10_g,
            )
        )  # fmt: skip
        if len(self._rows) >= _ROWS:
            self.flush()

    def flush(self) -> None:
        """Write the buffered rows."""
        if self._rows:
            columns = [
                pa.array(column, field.type)
                for column, field in zip(zip(*self._rows, strict=True), JUMP_SCHEMA, strict=True)
            ]
            self._writer.write_table(pa.table(columns, schema=JUMP_SCHEMA))
            self._rows = []


@contextmanager
def writing_jumps(path: str | Path) -> Iterator[JumpWriter]:
    """Open a table of jumps for writing; it is moved into place when the block succeeds.

    Parameters
    ----------
    path : str or Path
        ``.parquet`` or ``.csv``.

    Yields
    ------
    JumpWriter
        Its `write` takes one `Jump`.

    Raises
    ------
    InputError
        If the name has another suffix.
    """
    path = Path(path)
    writers = {".parquet": pq.ParquetWriter, ".csv": pa_csv.CSVWriter}
    if path.suffix not in writers:
        raise InputError(
            f"{path}: a table of jumps is written as .parquet or .csv; correct the suffix '{path.suffix}'"
        )
    with atomic_write(path) as temporary, writers[path.suffix](temporary, JUMP_SCHEMA) as writer:
        jumps = JumpWriter(writer)
        yield jumps
        jumps.flush()
