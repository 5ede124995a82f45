"""Whether a binary file of SIESTA is whole.

A Fortran program that reads a cut file may stop the whole process, sisl's readers included, so this is asked first.
"""

import os
import struct
from pathlib import Path


def is_whole(path: str | Path) -> bool:
    """Tell whether a file is a sequence of whole Fortran records: HSX, TSHS, DM, CG.

    Every record of an unformatted sequential file lies between two equal 4-byte lengths (negative where a record of
    more than 2 GiB goes on), so a file that was cut anywhere but between two records shows it.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    bool
        False also for an empty and a missing file.
    """
    path = Path(path)
    if not path.is_file():
        return False
    size = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + 8 <= size:
            file.seek(at)
            (head,) = struct.unpack("<i", file.read(4))
            end = at + 4 + abs(head)
            if end + 4 > size:
                return False
            file.seek(end, os.SEEK_SET)
            (tail,) = struct.unpack("<i", file.read(4))
            if abs(head) != abs(tail):
                return False
            at = end + 4
    return at == size > 0
