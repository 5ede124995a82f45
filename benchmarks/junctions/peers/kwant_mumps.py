"""kwant with the sparse factors of MUMPS."""

from functools import partial

from peers import Peer
from peers._kwant import prepare, version

KIND = Peer(
    "kwant, MUMPS", "greens_function of the orthogonalised system, MUMPS (its default order, by nested dissection where MUMPS has a library for it); one site an atom",
    ("wide-band", "wire"), partial(version, "mumps"), partial(prepare, solver="mumps"),
)  # fmt: skip
