"""A fast BLAS and LAPACK for tblite.

The tblite wheels for Linux carry the unoptimised reference BLAS and LAPACK. The dynamic loader resolves a
symbol in the global scope before it looks into the libraries a module brings along, so a library with the
standard Fortran symbols (``dgemm_``) that is loaded globally *before* tblite takes all its calls. oneMKL,
from the package ``mkl`` of the requirements, is such a library. Where it is not installed (macOS, arm, conda
environments) tblite uses what its own package was linked to; conda-forge links an optimised library.
"""

import ctypes
import importlib.util
import logging
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

log = logging.getLogger(__name__)

_EXTENSION = "tblite._libtblite"
_MKL_INTERFACE_LP64 = 0
_MKL_THREADING_GNU = 3
_MKL_CBWR_AUTO = 2
_OPTIMISED = ("mkl", "openblas", "blis", "flexiblas", "accelerate", "veclib", "armpl", "nvpl")


@cache
def load() -> str:
    """Load the fast BLAS if there is one, then tblite, and return which BLAS tblite calls.

    Returns
    -------
    str
        The library that provides ``dgemm_``, e.g. ``oneMKL 2026.2.0`` or the file name of the library tblite
        was linked to.

    Notes
    -----
    oneMKL is told to use the GNU OpenMP runtime, the one tblite itself uses, since two OpenMP runtimes in one
    process compete for the cores, and to return bitwise the same result from run to run for the same machine and number
    of threads (conditional numerical reproducibility), which must be set before its first call.
    """
    mkl = None if _EXTENSION in sys.modules else _load_mkl()
    importlib.import_module(_EXTENSION)
    if mkl:
        return mkl
    path = _provider()
    if path is None:
        return "unknown"
    if not any(name in str(path).lower() for name in _OPTIMISED):
        log.warning(
            "tblite calls the unoptimised BLAS %s: large dots will be some five times slower", path.name
        )
    return path.name


def _load_mkl() -> str | None:
    """Load oneMKL globally and return its name and version; None if it is not installed."""
    try:
        files = metadata.files("mkl") or []
    except metadata.PackageNotFoundError:
        return None
    runtime = [Path(file.locate()).resolve() for file in files if file.name.startswith("libmkl_rt.so")]
    if not runtime:
        return None
    mkl = ctypes.CDLL(str(runtime[0]), mode=ctypes.RTLD_GLOBAL)
    mkl.MKL_Set_Interface_Layer(_MKL_INTERFACE_LP64)
    mkl.MKL_Set_Threading_Layer(_MKL_THREADING_GNU)
    mkl.MKL_CBWR_Set(_MKL_CBWR_AUTO)
    return f"oneMKL {metadata.version('mkl')}"


class _DlInfo(ctypes.Structure):
    """Result of dladdr(3)."""

    _fields_ = (
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("symbol", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    )


def _provider() -> Path | None:
    """Return the file of the library in which tblite's extension finds ``dgemm_``."""
    spec = importlib.util.find_spec(_EXTENSION)
    if spec is None or spec.origin is None:
        return None
    info = _DlInfo()
    try:
        function = ctypes.CDLL(spec.origin).dgemm_
        found = ctypes.CDLL(None).dladdr(ctypes.cast(function, ctypes.c_void_p), ctypes.byref(info))
    except (AttributeError, OSError):
        return None
    return Path(info.file.decode()).resolve() if found and info.file else None
