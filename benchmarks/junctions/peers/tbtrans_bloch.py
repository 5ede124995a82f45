"""TBtrans as an expert runs it: the electrode's smallest cell, expanded by Bloch's theorem."""

from functools import partial

from peers import Peer
from peers._tbtrans import prepare, version

KIND = Peer(
    "TBtrans, bloch",
    "smallest cell of the electrode with bloch 4 4 1, tiled; pivot atom+Right, the fastest of five; all energies in "
    "one run, its start included; no other output",
    ("bulk",), version, partial(prepare, bloch=True), all_energies=True,
)  # fmt: skip
