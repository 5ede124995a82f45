"""Controls beside a series of contacts: they are compared with it and change nothing of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qdjunction.core.errors import InputError
from qdjunction.interference.series import MissingMember, SeriesMember, analyse_series
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.steps.trace_predictions import sliding_series
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.study_file import study_of, study_values
from qdjunction.transport import Transmission

CLUSTERS = Path(__file__).parents[2] / "clusters"
ENERGIES = np.round(np.arange(-2.0, 2.0001, 0.02), 10)
DISTANCES = {"L-R1": 3.9, "L-R2": 9.2, "L-R3": 14.5, "L-R4": 17.5}
BETA = 0.5
SETTINGS = InterferenceSettings(reference="fermi", offset_ev=0.0)


def member(name, distance, log10_t, role="series", gap=(-1.0, 1.0)):
    """A junction with the same T at every energy, so that its thermal conductance is T."""
    left, right = name.split("-")
    values = np.full(len(ENERGIES), 10.0**log10_t)
    transmission = Transmission(ENERGIES, values, "none", ("none", "none"), 0.0, 0.0)
    return SeriesMember(name, left, right, distance, gap, transmission, role)


def sliding(step=0.8):
    """R1, R2 and R3 on exp(-beta d) from 0.1 G0, R4 `step` decades above R3."""
    log10 = [-1 - BETA * d / np.log(10) for d in DISTANCES.values()]
    log10[3] = log10[2] + step
    return [member(name, d, value) for (name, d), value in zip(DISTANCES.items(), log10, strict=True)]


CONTROL = member("R1-R4", 14.5, -1 - BETA * 14.5 / np.log(10) - 0.3, "control", gap=(-0.2, 0.1))


def test_a_control_lies_where_the_closed_form_says():
    (series,) = analyse_series([*sliding(), CONTROL], 300.0, SETTINGS).series
    (control,) = series.summary.controls
    assert control.above_trend_decades == pytest.approx(-0.3, abs=1e-9)
    assert control.above_last_decades == pytest.approx(-0.3 - 0.8, abs=1e-9)
    assert control.same_site
    assert control.sentence == (
        "The control R1-R4, which ends on the same site at 14.5 Ang, lies 1.10 decades below the last contact L-R4 at "
        "the headline energy and 0.30 decades below the fit."
    )


def test_a_control_changes_no_number_of_its_series():
    """Not even where it shares the left contact, has a smaller gap, and conducts best."""
    odd = member("L-R9", 20.0, -0.1, "control", gap=(-0.1, 0.1))
    without = analyse_series(sliding(), 300.0, SETTINGS)
    beside = analyse_series([odd, *sliding(), CONTROL], 300.0, SETTINGS)
    (plain,), (shown,) = without.series, beside.series
    assert shown.summary.model_copy(update={"controls": ()}).model_dump() == plain.summary.model_dump()
    assert "controls" not in plain.summary.model_dump(exclude_unset=True), (
        "a study without controls is as it was"
    )
    pd.testing.assert_frame_equal(shown.table, plain.table)
    table = beside.conductance_table
    members = table[table["role"] == "series"].drop(columns="role")
    pd.testing.assert_frame_equal(members, without.conductance_table)
    assert list(dict.fromkeys(table.loc[table["role"] == "control", "junction"])) == ["L-R9", "R1-R4"]
    assert shown.summary.controls[0].same_site is False


def test_a_series_is_judged_without_a_control_that_failed_and_not_without_a_member():
    lost = MissingMember("R1-R4", "R1", "SCF stuck", "control")
    (series,) = analyse_series(sliding(), 300.0, SETTINGS, [lost]).series
    assert series.summary.kind == "decay"
    assert series.summary.missing_controls == {"R1-R4": "SCF stuck"}
    lost = MissingMember("L-R4", "L", "SCF stuck")
    (series,) = analyse_series([*sliding()[:3], CONTROL], 300.0, SETTINGS, [lost]).series
    assert series.summary.kind == "incomplete"
    (control,) = series.summary.controls
    assert np.isnan(control.above_last_decades)
    assert "compared with nothing" in control.sentence


def test_two_contacts_are_compared_with_a_control_but_for_the_fit():
    (series,) = analyse_series(
        [*sliding()[:2], member("R1-R2", 5.0, -3.0, "control")], 300.0, SETTINGS
    ).series
    (control,) = series.summary.controls
    assert series.summary.kind == "comparison"
    assert np.isnan(control.above_trend_decades)
    assert control.sentence.endswith("the last contact L-R2 at the headline energy.")


def test_traces_do_not_slide_over_controls(tmp_path):
    odd = member("L-R9", 20.0, -0.1, "control")
    analyse_series([*sliding(), odd], 300.0, SETTINGS).conductance_table.to_csv(
        tmp_path / "g.csv", index=False
    )
    assert sliding_series(tmp_path / "g.csv", 0.0).names == tuple(DISTANCES)


def study_of_dots(*dots, **more):
    values = {"study": "controls", "dots": list(dots), **more}
    return make_study(parse_config(values, "study.yaml"), CLUSTERS, "study.yaml")


@pytest.mark.parametrize("path", sorted(CLUSTERS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_dot_of_the_catalogue_has_the_control_from_the_first_site_to_the_last(path):
    plain = study_of_dots({"dot": path.stem, "contacts": ["L-R1"]})
    last = max(int(name[1:]) for name in plain.dots[0].outline.contacts if name[1:].isdecimal())
    study = study_of_dots({"dot": path.stem, "contacts": ["L-R1"], "controls": [f"R1-R{last}"]})
    (dot,) = study.dots
    assert [(one.name, one.left, one.right, one.role) for one in dot.junctions] == [
        ("L-R1", "L", "R1", "series"),
        (f"R1-R{last}", "R1", f"R{last}", "control"),
    ]
    assert dot.entry.build_values() == plain.dots[0].entry.build_values(), "no structure is made anew"
    assert study_of(study_values(study), "results").junctions == study.junctions


def test_a_control_of_the_series_itself_is_refused():
    dot = {"dot": "1Pb", "contacts": ["short", "long"]}
    with pytest.raises(InputError, match=r"dots\.0: controls: 'R2-L' is the contact pair 'long' of contacts"):
        study_of_dots(dot | {"controls": ["R2-L"]})
    with pytest.raises(InputError, match=r"dots\.0: contact pair 'R1-R9' is not one of 1Pb"):
        study_of_dots(dot | {"controls": ["R1-R9"]})
    with pytest.raises(InputError, match=r"contact pair 'R1-R2' is listed twice"):
        study_of_dots(dot | {"controls": ["R1-R2", "R1-R2"]})
