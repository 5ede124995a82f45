"""Series of which only one contact is computed, as of most molecules."""

import numpy as np

from qdjunction.interference.series import SeriesMember, analyse_series
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.transport import Transmission, conductance

ENERGIES = np.linspace(-2, 2, 401)
LEVEL = Transmission(ENERGIES, 0.01 / ((ENERGIES - 0.8) ** 2 + 0.01), "closed form", ("", ""), 0.0, 0.0)


def analysed(gap_ev):
    member = SeriesMember("L-R", "L", "R", 6.3, gap_ev, LEVEL)
    return analyse_series([member], 300.0, InterferenceSettings()).series[0]


def test_a_single_junction_has_its_conductance_at_both_energies():
    at_fermi, at_headline = (float(conductance(LEVEL, 300.0, energy)) for energy in (0.0, 0.5))
    assert analysed((-0.5, 1.2)).summary.sentence == (
        f"L-R is the only contact: log10 G/G0 is {np.log10(at_fermi):.2f} at the Fermi energy and "
        f"{np.log10(at_headline):.2f} at the headline energy of 0.50 eV."
    )
