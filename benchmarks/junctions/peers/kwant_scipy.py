"""kwant with the sparse factors of SciPy."""

from functools import partial

from peers import Peer
from peers._kwant import prepare, version

KIND = Peer(
    "kwant, SciPy", "greens_function of the orthogonalised system, SciPy's SuperLU; one site an atom",
    ("wide-band", "wire"), partial(version, "sparse"), partial(prepare, solver="sparse"),
)  # fmt: skip
