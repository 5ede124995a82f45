"""TBtrans with the electrode's whole cell, as SIESTA computed it."""

from functools import partial

from peers import Peer
from peers._tbtrans import prepare, version

KIND = Peer(
    "TBtrans, whole cell", "the electrode's cell as it is, not expanded", ("bulk",), version,
    partial(prepare, bloch=False),
)  # fmt: skip
