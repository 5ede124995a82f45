"""Text in the encodings that instruments and editors write."""

import codecs

HEAD_BYTES = 1 << 16
"""Length of the beginning of a text by which it is judged."""


def as_utf8(content: bytes) -> bytes:
    """Return the content of a text file in UTF-8 or a similar encoding, without a mark, with lines that end in LF."""
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        content = content.decode("utf-32", errors="replace").encode()
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode("utf-16", errors="replace").encode()
    elif b"\0" in content[:HEAD_BYTES]:
        content = _without_mark(content)
    # DOS ends a text with control Z.
    content = content.removeprefix(codecs.BOM_UTF8).removesuffix(b"\x1a")
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return content


def _without_mark(content: bytes) -> bytes:
    """Return the content as UTF-8 if it is UTF-16 without a byte-order mark: every other byte of a number is zero."""
    head = content[: HEAD_BYTES // 2 * 2]
    for encoding, zeros, others in (
        ("utf-16-le", head[1::2], head[::2]),
        ("utf-16-be", head[::2], head[1::2]),
    ):
        if zeros.count(0) > 0.8 * len(zeros) and others.count(0) == 0:
            return content.decode(encoding, errors="replace").encode()
    return content
