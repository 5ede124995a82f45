"""qdjunction: all levels once, then algebra on the contact orbitals."""

from collections.abc import Callable, Sequence

from peers import MissingError, Peer
from system import System


def version() -> str:
    """Return the version of the project."""
    try:
        import qdjunction.transport
    except ImportError as error:
        raise MissingError("qdjunction is not installed") from error
    return f"qdjunction {qdjunction.__version__}"


def prepare(system: System) -> Callable[[], Sequence[float]]:
    """Solve for all levels; the leads are those of the project, computed anew."""
    from qdjunction.transport import Device, WideBandLead, transmission
    from qdjunction.transport.leads.wire import WireLead, split_region

    device = Device(system.H, system.S, system.atoms)
    if system.leads == "wide-band":
        left, right = (
            WideBandLead(device, system.settings[f"{side}_atoms"], system.settings["coupling_ev"])
            for side in ("left", "right")
        )
    else:
        last = int(system.atoms.max())
        cells = (split_region(device, pair) for pair in ([0, 1], [last - 1, last]))
        left, right = (WireLead(device, *pair, system.settings["eta_ev"]) for pair in cells)
    _ = device.spectrum
    return lambda: transmission(
        device, left, right, system.energies_ev, "contact-reduction"
    ).transmission.tolist()


KIND = Peer(
    "contact reduction", "solver contact-reduction with its two error measurements; self-energies of wires included",
    ("wide-band", "wire"), version, prepare, all_energies=True, most_orbitals=20_000,
)  # fmt: skip
