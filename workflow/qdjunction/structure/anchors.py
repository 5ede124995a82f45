"""Distance from the gold apex to the atom at a contact."""

from collections.abc import Mapping

from qdjunction.core.errors import StructureError

APEX_DISTANCE_ANG: Mapping[str, float] = {"Cl": 2.66, "Br": 2.76, "I": 2.88, "S": 2.42}
"""Distance (Ang) from the gold apex to the atom at the contact, by element.

Halides of lead halide dots, relaxed: Zheng et al., Nat. Commun. 10, 5458 (2019). Thiolate S atop one gold atom, 2.42(2)
Ang by X-ray standing waves and photoelectron diffraction: Jackson et al., Surf. Sci. 603, 807 (2009).
"""


def anchor_distance(name: str, symbol: str, given_ang: float | None = None) -> float:
    """Return the distance from the apex to the contact atom (Ang).

    Parameters
    ----------
    name : str
        Name of the contact, for the error.
    symbol : str
        Element of the contact atom.
    given_ang : float, optional
        Distance to use in place of `APEX_DISTANCE_ANG` (Ang), for any element.

    Raises
    ------
    StructureError
        If no distance is given and `APEX_DISTANCE_ANG` has none for the element.
    """
    if given_ang is not None:
        return given_ang
    if symbol not in APEX_DISTANCE_ANG:
        raise StructureError(
            f"Contact '{name}' is at {symbol}, whose distance from gold is known for "
            f"{', '.join(APEX_DISTANCE_ANG)} only; give it as electrodes.apex_distance_ang (--apex-distance on the "
            "command line)."
        )
    return APEX_DISTANCE_ANG[symbol]
