"""Decompression of a file, whose format is recognised by its first bytes."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable

from qdjunction.core.errors import InputError

_UNPACKERS: dict[bytes, tuple[str, Callable[[bytes], bytes]]] = {
    b"\x1f\x8b": ("gzip", gzip.decompress),
    b"BZh": ("bzip2", bz2.decompress),
    b"\xfd7zXZ\x00": ("xz", lzma.decompress),
}
_REFUSED = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"\x1f\x9d": "compressed by compress",
    b"7z\xbc\xaf": "a 7z archive",
    b"\xd0\xcf\x11\xe0": "a document of Excel or Word",
    b"%PDF": "a PDF document",
}


def unpacked(content: bytes) -> bytes:
    """Return the content of a file, decompressed if it is in gzip, bzip2 or xz format.

    Raises
    ------
    InputError
        If it is damaged or compressed in another way.
    """
    for magic, (name, unpack) in _UNPACKERS.items():
        if content.startswith(magic):
            try:
                return unpack(content)
            except (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError):
                raise InputError(f"its {name} stream is cut short or damaged; copy it again") from None
    for magic, name in _REFUSED.items():
        if content.startswith(magic):
            raise InputError(f"it is {name}; unpack or export it to text")
    return content
