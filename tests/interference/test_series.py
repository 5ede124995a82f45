"""Series of which only one contact is computed, as of most molecules."""

import numpy as np
import pytest

from qdjunction.interference.series import SeriesMember, analyse_series
from qdjunction.interference.settings import InterferenceSettings, headline_text
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


@pytest.mark.parametrize(
    ("reference", "offset_ev", "words"),
    [
        ("homo", 1.0, "1 eV above the HOMO"),
        ("lumo", -0.25, "0.25 eV below the LUMO"),
        ("midgap", 0.0, "the middle of the gap"),
        ("fermi", 0.0, "the Fermi energy"),
    ],
)
def test_the_headline_energy_in_words(reference, offset_ev, words):
    assert headline_text(reference, offset_ev) == words


def test_a_series_records_its_headline_energy_in_words():
    assert analysed((-0.5, 1.2)).summary.headline == "1 eV above the HOMO"


def test_a_headline_energy_outside_of_the_transmission_leaves_the_junction_with_the_reason():
    """The gap ends 2.5 eV above E_F, T(E) 2 eV above: no verdict and no number, but the junction with its T(E)."""
    member = SeriesMember("L-R", "L", "R", 6.3, (1.2, 2.5), LEVEL)
    control = SeriesMember("L-S", "L", "S", 5.0, (1.2, 2.5), LEVEL, role="control")
    found = analyse_series([member, control], 300.0, InterferenceSettings())
    summary = found.series[0].summary
    assert summary.kind == "incomplete"
    assert summary.junctions == ("L-R",)
    assert summary.missing == {}
    assert np.isnan(summary.conductance_at_headline_G0).all()
    assert np.isnan(summary.controls[0].conductance_at_headline_G0)
    assert "headline energy 2.20 eV" in summary.sentence
    assert "L-R is not judged; widen transport.energy_min_ev" in summary.sentence
    assert set(found.conductance_table["junction"]) == {"L-R", "L-S"}
    assert type(summary).model_validate_json(summary.model_dump_json()).sentence == summary.sentence


def test_numbers_at_the_headline_are_taken_there_and_not_at_the_nearest_energy_of_the_grid():
    energies = np.arange(-2, 2.0001, 0.05)
    spectra = [0.3 * np.exp(-distance * (0.6 + 0.2 * (energies - 0.1) ** 2)) for distance in (4.0, 7.0, 10.0)]
    results = [Transmission(energies, one, "closed form", ("", ""), 0.0, 0.0) for one in spectra]
    members = [
        SeriesMember(f"L-R{n}", "L", f"R{n}", distance, (-0.9731, 0.9), one)
        for n, (distance, one) in enumerate(zip((4.0, 7.0, 10.0), results, strict=True), start=1)
    ]
    found = analyse_series(members, 300.0, InterferenceSettings(reference="homo", offset_ev=1.0)).series[0]
    assert found.summary.headline_energy_ev == pytest.approx(0.0269)
    np.testing.assert_allclose(
        found.summary.conductance_at_headline_G0,
        [float(conductance(one, 300.0, 0.0269)) for one in results],
        rtol=1e-12,
    )
    assert 0.0269 in found.table["energy_eV"].round(9).tolist()


def test_a_headline_near_the_end_of_the_energies_is_not_judged_where_g_is_small():
    """A channel that opens just beyond the last energy would decide G, and nobody has looked."""
    energies = np.linspace(-2, 1.0, 301)

    def judged(size):
        result = Transmission(energies, np.full(301, size), "closed form", ("", ""), 0.0, 0.0)
        member = SeriesMember("L-R", "L", "R", 6.3, (-0.3, 1.5), result)
        settings = InterferenceSettings(reference="homo", offset_ev=1.0)
        return analyse_series([member], 300.0, settings).series[0].summary

    assert judged(1e-2).kind == "single"
    assert judged(1e-8).kind == "incomplete"
    assert "T(E) ends 0.30 eV from the headline energy 0.70 eV" in judged(1e-8).sentence
