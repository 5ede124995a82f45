"""How far from the gold apex an atom stands that a tip is put on."""

from collections.abc import Mapping

from qdjunction.core.errors import StructureError

APEX_DISTANCE_ANG: Mapping[str, float] = {"Cl": 2.66, "Br": 2.76, "I": 2.88, "S": 2.42}
"""Distance (Ang) of the gold apex and the atom at the contact, by element.

Halides of lead halide dots, relaxed: Zheng et al., Nat. Commun. 10, 5458 (2019). Thiolate S atop one gold atom, 2.42(2)
Ang by X-ray standing waves and photoelectron diffraction: Jackson et al., Surf. Sci. 603, 807 (2009).
"""


def anchor_distance(name: str, symbol: str, given_ang: float | None = None) -> float:
    """Return the distance of apex and contact atom (Ang).

    Parameters
    ----------
    name : str
        The contact, for the error.
    symbol : str
        Element of its atom.
    given_ang : float, optional
        The distance, if it is given; serves any element.

    Raises
    ------
    StructureError
        If none is given and none is known for the element.
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
