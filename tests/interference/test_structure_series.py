"""Series over structures: beta per length and per unit on made transmissions with a known decay."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from qdjunction.core.errors import InputError
from qdjunction.interference.decay import fit_decay
from qdjunction.interference.series import SeriesMember
from qdjunction.interference.settings import InterferenceSettings, StructureSeriesSettings
from qdjunction.interference.structure_series import Structure, analyse_structures
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.study_file import study_of, study_values
from qdjunction.transport import Transmission

CLUSTERS = Path(__file__).parents[2] / "clusters"
ENERGIES = np.round(np.arange(-3.0, 3.0001, 0.02), 10)
UNITS = (4, 6, 8, 10)
PER_UNIT_ANG = 1.27
BETA_PER_UNIT = 1.05
SHIFT_EV, SLOPE = 0.1, 0.8
"""The HOMO falls by SHIFT_EV a unit; log10 T rises by SLOPE an eV."""


def structure(units, excess=0.0):
    """T = 0.02 exp(-beta n) 10^(SLOPE (E - HOMO)), with the HOMO moving along the series."""
    homo = -1.0 - SHIFT_EV * units
    log10_t = np.log10(0.02) - BETA_PER_UNIT * units / np.log(10) + SLOPE * (ENERGIES - homo) + excess
    transmission = Transmission(ENERGIES, 10**log10_t, "none", ("none", "none"), 0.0, 0.0)
    junction = SeriesMember("L-R", "L", "R", 2.1 + PER_UNIT_ANG * units, (homo, homo + 6.0), transmission)
    return Structure(f"C{units}", junction, units)


def settings(reference="fermi", length="units", jump=False, offset_ev=0.0, average_ev=None):
    members = [{"dot": f"C{n}", "units": n} for n in UNITS]
    return StructureSeriesSettings(
        name="alkanes",
        members=members,
        length=length,
        unit="CH2",
        reference=reference,
        jump=jump,
        offset_ev=offset_ev,
        average_ev=average_ev,
    )


def analyse(structures, chosen, temperature_k=300.0, missing=None):
    return analyse_structures(structures, temperature_k, chosen, InterferenceSettings(), missing)


def test_beta_per_unit_and_per_angstrom_are_those_of_the_closed_form():
    """At the level of each structure beta is that of the bridge; at E_F the shift of the level adds to it."""
    structures = [structure(n) for n in reversed(UNITS)]
    own = analyse(structures, settings("homo", offset_ev=1.0)).summary
    common = analyse(structures, settings()).summary
    at_fermi = BETA_PER_UNIT - SHIFT_EV * SLOPE * np.log(10)
    for summary, beta in ((own, BETA_PER_UNIT), (common, at_fermi)):
        assert [one.dot for one in summary.members] == ["C4", "C6", "C8", "C10"]
        per_unit, per_ang = summary.fits["units"], summary.fits["distance"]
        assert per_unit.beta == pytest.approx(beta, rel=1e-9)
        assert per_ang.beta == pytest.approx(beta / PER_UNIT_ANG, rel=1e-9)
        assert (per_unit.per, per_ang.per) == ("CH2", "Ang")
        assert per_unit.r_squared == pytest.approx(1, abs=1e-12)
        assert per_unit.beta_interval == pytest.approx((beta, beta), rel=1e-6)
        # Extrapolated to no distance instead of no units, over the 2.1 Ang of the anchors.
        anchors = 2.1 * beta / PER_UNIT_ANG / np.log(10)
        apart = per_ang.log10_contact_conductance_G0 - per_unit.log10_contact_conductance_G0
        assert apart == pytest.approx(anchors, rel=1e-9)
    assert [one.energy_ev for one in own.members] == pytest.approx([one.homo_ev + 1.0 for one in own.members])
    assert {one.energy_ev for one in common.members} == {0.0}
    assert "1.05 per CH2" in own.sentence
    assert "1 eV above the HOMO of each structure" in own.sentence
    # The thermal average of 10^(SLOPE E) about E is larger by x / sin x, with x = pi kT SLOPE ln 10.
    x = np.pi * 8.617333262e-5 * 300 * SLOPE * np.log(10)
    contact = np.log10(0.02) + SLOPE * 1.0 + np.log10(x / np.sin(x))
    assert own.fits["units"].log10_contact_conductance_G0 == pytest.approx(contact, abs=1e-3)


def test_every_energy_has_its_fit_and_the_table_its_units():
    analysed = analyse([structure(n) for n in UNITS], settings())
    table = analysed.table
    np.testing.assert_allclose(table["beta_per_unit"], table["beta_per_unit"].iloc[0], rtol=1e-9)
    np.testing.assert_allclose(table["beta_per_ang"] * PER_UNIT_ANG, table["beta_per_unit"], rtol=1e-9)
    assert {"log10_contact_conductance_G0", "log10_contact_conductance_units_G0", "r_squared_units"} <= set(
        table
    )
    low, high = analysed.summary.gap_ev
    assert (low, high) == pytest.approx((-1.4, 4.0))
    assert (table["in_window"] == table["energy_eV"].between(low, high)).all()
    rows = analysed.conductance_table
    assert list(rows.groupby("dot", sort=False).size().index) == ["C4", "C6", "C8", "C10"]
    assert len(rows) == 4 * len(table)


def test_intervals_are_those_of_a_regression():
    excess = np.array([0.03, -0.08, 0.06, -0.01])
    structures = [structure(n, more) for n, more in zip(UNITS, excess, strict=True)]
    fit = analyse(structures, settings()).summary.fits["units"]
    values = [one.conductance_G0 for one in analyse(structures, settings()).summary.members]
    line = stats.linregress(UNITS, np.log10(values))
    t = stats.t.ppf((1 + 0.68) / 2, 2)
    assert fit.log10_contact_interval == pytest.approx(
        (line.intercept - t * line.intercept_stderr, line.intercept + t * line.intercept_stderr)
    )
    half = t * line.stderr * np.log(10)
    assert fit.beta_interval == pytest.approx((fit.beta - half, fit.beta + half))
    assert np.isnan(fit_decay([1, 2], [1e-3, 1e-4]).log10_contact_interval).all()


def test_all_structures_are_fitted_unless_a_jump_is_looked_for():
    structures = [*(structure(n) for n in UNITS[:3]), structure(10, excess=1.5)]
    plain = analyse(structures, settings()).summary
    assert plain.fits["units"].fitted == 4
    assert plain.verdict is None
    judged = analyse(structures, settings(jump=True))
    assert judged.summary.fits["units"].fitted == 3
    assert judged.summary.verdict.is_jump
    assert judged.summary.verdict.above_trend_decades == pytest.approx(1.5, abs=1e-9)
    assert judged.table["is_jump"].all()
    assert judged.summary.verdict.beta_per_ang == pytest.approx(judged.summary.fits["units"].beta)


def with_resonance(units, width_ev=0.001):
    """The structure with a resonance at a different energy for every length, which takes T up to 1."""
    plain = structure(units)
    spectrum = plain.junction.transmission
    peak = 1 / (1 + ((ENERGIES - 0.07 * units) / width_ev) ** 2)
    raised = replace(spectrum, transmission=np.maximum(spectrum.transmission, peak))
    return replace(plain, junction=replace(plain.junction, transmission=raised))


def test_the_average_of_log10_t_over_energies_keeps_the_decay_of_the_closed_form():
    """The mean of a line is its value in the middle; with the reference `homo` it holds no shift of the levels."""
    analysed = analyse([structure(n) for n in UNITS], settings("homo", average_ev=(0.5, 1.5))).summary
    average = analysed.average
    assert (average.low_ev, average.high_ev) == (0.5, 1.5)
    middle = [np.log10(0.02) - BETA_PER_UNIT * n / np.log(10) + SLOPE for n in UNITS]
    # The ends of the window are points of the grid, so that the cells are symmetric about its middle.
    assert average.log10_transmission == pytest.approx(middle, abs=1e-9)
    assert average.fits["units"].beta == pytest.approx(BETA_PER_UNIT, rel=1e-9)
    assert average.fits["distance"].beta == pytest.approx(BETA_PER_UNIT / PER_UNIT_ANG, rel=1e-9)
    assert "log10 T averaged over 0.5 to 1.5 eV from the HOMO of each structure has beta = 1.05 per CH2" in (
        analysed.sentence
    )


def test_the_average_is_typical_where_resonances_decide_single_energies():
    """Resonances that move with the length spoil beta at one energy; that of the average of log10 T moves little."""
    structures = [with_resonance(n) for n in UNITS]
    chosen = settings(offset_ev=0.7, average_ev=(-0.5, 1.5))
    summary = analyse(structures, chosen).summary
    plain = analyse([structure(n) for n in UNITS], chosen).summary
    exact = plain.average.fits["units"].beta
    assert exact == pytest.approx(BETA_PER_UNIT - SHIFT_EV * SLOPE * np.log(10), rel=1e-9)
    assert abs(summary.fits["units"].beta - exact) > 0.5
    assert summary.average.fits["units"].beta == pytest.approx(exact, abs=0.15)


def test_the_average_stays_within_the_energies_of_every_structure():
    structures = [structure(n) for n in UNITS]
    with pytest.raises(
        InputError, match=r"average_ev = \[-2, 1\] of the series alkanes .* of C4/L-R, -1\.60 to"
    ):
        analyse(structures, settings("homo", average_ev=(-2.0, 1.0)))
    assert analyse(structures, settings()).summary.average is None
    dark = structures[0].junction.transmission
    dark = replace(dark, transmission=np.where(ENERGIES > 0, 0.0, dark.transmission))
    structures[0] = replace(structures[0], junction=replace(structures[0].junction, transmission=dark))
    with pytest.raises(InputError, match="C4/L-R"):
        analyse(structures, settings(offset_ev=-1.0, average_ev=(-1.0, 0.5)))


def test_a_series_without_one_structure_is_not_fitted():
    summary = analyse([structure(n) for n in UNITS[:3]], settings(), missing={"C10/L-R": "SCF stuck"}).summary
    assert summary.kind == "incomplete"
    assert summary.fits == {}
    assert "C10/L-R failed" in summary.sentence
    with pytest.raises(InputError, match="of the series alkanes"):
        analyse([structure(n) for n in UNITS], settings(offset_ev=2.9))


def test_a_series_without_a_common_gap_is_fitted_all_the_same():
    closed = [replace(structure(n).junction, gap_ev=(-0.4, -0.4)) for n in UNITS]
    structures = [Structure(f"C{n}", junction, n) for n, junction in zip(UNITS, closed, strict=True)]
    analysed = analyse(structures, settings())
    assert analysed.summary.gap_ev is None
    assert not analysed.table["in_window"].any()
    assert analysed.summary.fits == analyse([structure(n) for n in UNITS], settings()).summary.fits


def dots(*names):
    return [{"dot": name, "contacts": ["L-R1", "L-R2"]} for name in names]


def study_with(*series, **more):
    values = {"study": "series", "dots": dots("8Pb", "12Pb", "1Pb"), "series": list(series), **more}
    return make_study(parse_config(values, "study.yaml"), CLUSTERS, "study.yaml")


MEMBERS = [
    {"dot": "8Pb_MAPbBr3", "junction": "L-R2", "units": 2},
    {"dot": "12Pb_MAPbBr3", "junction": "L-R1", "units": 3},
]


def test_a_study_knows_the_junctions_of_its_series():
    study = study_with({"name": "blocks", "members": MEMBERS, "length": "units"})
    (case,) = study.structure_series
    assert [one.id for one in case.junctions] == ["8Pb_MAPbBr3/L-R2", "12Pb_MAPbBr3/L-R1"]
    assert study_of(study_values(study), "results").structure_series == study.structure_series


BAD = {
    "several pairs": (
        [{"dot": "8Pb_MAPbBr3", "units": 1}, MEMBERS[1]],
        {},
        r"has 2 contact pairs; name one as the key junction",
    ),
    "unknown dot": (
        [{"dot": "C4", "units": 1}, MEMBERS[1]],
        {},
        r"series\.0\.members\.0: there is no dot 'C4'",
    ),
    "unknown pair": (
        [{"dot": "1Pb_MAPbBr3", "junction": "L-R9", "units": 1}, MEMBERS[1]],
        {},
        "no junction 'L-R9'",
    ),
    "twice": ([MEMBERS[0], MEMBERS[0] | {"units": 3}], {}, r"members\.1: 8Pb_MAPbBr3/L-R2 is listed twice"),
    "some units": ([MEMBERS[0], {**MEMBERS[1], "units": None}], {}, "for 8Pb_MAPbBr3 only"),
    "equal units": ([MEMBERS[0], MEMBERS[1] | {"units": 2}], {}, "all have 2 units"),
    "no units": (
        [one | {"units": None} for one in MEMBERS],
        {"length": "units"},
        "no member has the key units",
    ),
    "jump of two": (MEMBERS, {"jump": True}, "at least three structures"),
    "one member": (MEMBERS[:1], {}, r"series\.0\.members"),
    "outside": (MEMBERS, {"offset_ev": 5}, r"series\.0\.offset_ev = 5"),
    "average outside": (
        MEMBERS,
        {"average_ev": [-0.5, 50]},
        r"series\.0\.average_ev = \[-0\.5, 50\.0\]: T\(E\)",
    ),
    "average reversed": (MEMBERS, {"average_ev": [0.5, -0.5]}, "the lower one first"),
}


@pytest.mark.parametrize(("members", "more", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_clear_error(members, more, message):
    with pytest.raises(InputError, match=message):
        study_with({"name": "blocks", "members": members, **more})


def test_names_of_series_are_given_once():
    one = {"name": "blocks", "members": MEMBERS}
    with pytest.raises(InputError, match=r"series\.1\.name = 'blocks': is given twice"):
        study_with(one, one)
