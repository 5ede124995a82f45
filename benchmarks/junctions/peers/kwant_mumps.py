"""kwant with the sparse factors of MUMPS."""

from functools import partial

from peers import Peer
from peers._kwant import prepare, version

KIND = Peer(
    "kwant, MUMPS", "greens_function of the orthogonalised system, MUMPS with its default order; one site an atom",
    ("wide-band", "wire"), partial(version, "mumps"), partial(prepare, solver="mumps"),
)  # fmt: skip
