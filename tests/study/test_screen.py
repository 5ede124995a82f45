"""A screening: lists that expand to dots, and an overview that stays readable."""

import copy
import html
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from qdjunction.core.errors import InputError
from qdjunction.report.overview import read_overview, write_overview
from qdjunction.study.build import make_study
from qdjunction.study.config import NOT_IN_OVERVIEW, parse_config
from qdjunction.study.study_file import RECORD, study_values, write_study
from support.paths import CLUSTERS, RECORDED

SCREEN = {
    "study": "screen",
    "screen": [
        {
            "dots": ["1Pb", "12Pb"],
            "cations": ["MA", "Cs"],
            "halides": ["Br", "Br0.5Cl0.5"],
            "seeds": 3,
            "contacts": ["L-R1", "L-R2"],
        }
    ],
}


def study_of(values):
    return make_study(parse_config(values, "study.yaml"), CLUSTERS, "study.yaml")


def test_lists_are_combined_and_pure_halides_have_one_order():
    study = study_of(SCREEN)
    assert len(study.dots) == 2 * 2 * (1 + 3)
    assert len(study.junctions) == 2 * len(study.dots)
    assert "12Pb_CsPbBr1.5Cl1.5-s2" in [dot.id for dot in study.dots]


def test_ten_thousand_junctions_are_listed_at_once():
    values = copy.deepcopy(SCREEN)
    values["screen"][0] |= {"halides": [f"Br0.{n}Cl0.{10 - n}" for n in (1, 2, 3, 4, 5)], "seeds": 250}
    study = study_of(values)
    assert len(study.junctions) == 10_000
    assert len({dot.id for dot in study.dots}) == 5000


def test_a_name_that_is_none_is_one_clear_error():
    study = study_of(SCREEN)
    with pytest.raises(InputError, match=r"no dot '1Pb_MAPbBr' in this study; nearest are 1Pb_MAPbBr3"):
        study.dot("1Pb_MAPbBr")
    with pytest.raises(InputError, match=r"no junction 'L-R3' of 1Pb_MAPbBr3 .*L-R1"):
        study.junction("1Pb_MAPbBr3", "L-R3")


BAD = {
    "halide": ({"halides": ["Br", "At"]}, "screen.0: halides: "),
    "dot": ({"dots": ["5Pb"]}, "screen.0: There is no dot '5Pb'"),
    "contact": ({"contacts": ["L-R9"]}, "screen.0: contact pair 'L-R9'"),
    "twice": ({"dots": ["1Pb", "1Pb"]}, "screen.0: 1Pb_MAPbBr3 is listed twice"),
    "order": ({"short_range_orders": [2.0]}, "short_range_order"),
    "path": ({"dots": ["../1Pb"]}, "screen.0.dots.0 = '../1Pb'"),
    "none": ({"halides": []}, "screen.0.halides = []"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_a_bad_list_is_one_clear_error(change, message):
    values = copy.deepcopy(SCREEN)
    values["screen"][0] |= change
    with pytest.raises(InputError, match=re.escape(message)):
        study_of(values)


BESIDE = {
    "binding": {"contacts": [{"dot": "1Pb_MAPbBr3", "junction": "L-R1"}]},
    "coupling": True,
    "cover": {"ligands": ["phenethylammonium"]},
    "ensemble": {"tips": {"members": 2}},
    "exciton": {
        "near": {"linker": "C2", "centre_distance_nm": 10, "end_distance_nm": 0.4, "shift_mev": 20},
        "far": {"linker": "C6", "centre_distance_nm": 11, "end_distance_nm": 0.9, "shift_mev": 10},
        "diameter_nm": 9,
        "energy_ev": 2.4,
    },
    "paper": "zheng-2019",
    "reactions": [{"name": "halide", "reactants": {"a": 1}, "products": {"b": 1}}],
    "regions": True,
    "robustness": {"temperature_k": [4]},
    "series": [{"name": "dots", "members": [{"dot": "1Pb_MAPbBr3"}, {"dot": "1Pb_MAPbCl3"}]}],
    "slide": [{"name": "row", "dot": "1Pb_MAPbBr3", "junction": "L-R1", "towards": "R2"}],
    "traces": {"sets": [{"name": "measured", "path": "traces"}]},
}


def test_every_section_that_no_overview_shows_is_tried():
    assert set(BESIDE) == set(NOT_IN_OVERVIEW)


@pytest.mark.parametrize("key", BESIDE)
def test_what_no_overview_shows_is_refused_beside_a_screen(key):
    with pytest.raises(InputError, match=f"screen and {key}: .* has no {NOT_IN_OVERVIEW[key]}; split them"):
        parse_config(SCREEN | {key: BESIDE[key]}, "config.yaml")


def test_controls_go_with_every_dot_of_a_screen():
    values = {
        "study": "t",
        "screen": [{"dots": ["8Pb", "12Pb"], "halides": ["Br"], "contacts": ["L-R1", "L-R2"]}],
    }
    values["screen"][0]["controls"] = ["R1-R3"]
    for dot in study_of(values).dots:
        assert [(one.name, one.role) for one in dot.junctions][-1] == ("R1-R3", "control")
    values["screen"][0]["controls"] = ["L-R2"]
    with pytest.raises(InputError, match=r"screen\.0: controls: 'L-R2' is the contact pair"):
        study_of(values)


def test_a_study_needs_a_dot_or_traces():
    with pytest.raises(InputError, match="a study needs at least one dot or a set of traces"):
        study_of({"study": "nothing", "traces": {}})


@pytest.fixture
def screened(tmp_path):
    """The recorded dot, three times over; the relaxation of the last one has failed."""
    values = {"study": "screen", "results": str(tmp_path / "results")}
    values["screen"] = [
        {"dots": ["1Pb"], "halides": ["Br0.5Cl0.5"], "seeds": 3, "contacts": ["short", "long"]}
    ]
    study = study_of(values)
    for dot in study.dots:
        shutil.copytree(RECORDED / "1Pb_MAPbBr3", tmp_path / "results" / dot.id)
    record = json.dumps(
        {
            "no_result": {
                "step": "relax",
                "case": study.dots[2].id,
                "error": "EngineError",
                "reason": "<i>stuck",
            }
        },
        indent=1,
    )
    for name in ("relaxed.json", "hamiltonian.nc", "series.json"):
        (tmp_path / "results" / study.dots[2].id / name).write_text(record)
    write_study(study_values(study), study.results / RECORD)
    return study


def test_the_overview_aggregates_families_and_lists_failures(screened, tmp_path):
    overview = read_overview(screened)
    assert len(overview.table) == 3
    assert list(overview.table["kind"]) == ["comparison", "comparison", "failed"]
    family = overview.families.iloc[0]
    assert (family["series"], family["failed"]) == (3, 1)
    summary = json.loads((RECORDED / "1Pb_MAPbBr3" / "series.json").read_text())["series"][0]
    assert family["long_over_short_decades_mean"] == pytest.approx(summary["log10_ratio_at_headline"])
    assert family["gap_eV_sd"] == pytest.approx(0, abs=1e-12)
    write_overview(overview, tmp_path / "index.html")
    page = (tmp_path / "index.html").read_text()
    assert "&lt;i&gt;stuck" in page
    assert "embedded model, not DFT" in page
    assert not re.search(r"\bnan\b", re.sub(r"base64,[^\"]*", "", page))


def test_the_overview_shows_the_highest_control_of_a_series(screened):
    heights = {"R1-R2": -1.1, "R1-R3": -0.4}
    for dot in screened.dots[:2]:
        path = screened.results / dot.id / "series.json"
        record = json.loads(path.read_text())
        record["series"][0]["controls"] = [
            {
                **dict(zip(("left", "right"), name.split("-"), strict=True), name=name, distance_ang=5.0),
                "conductance_at_headline_G0": 1e-3,
                "same_site": True,
                "above_last_decades": height,
                "above_trend_decades": None,
                "sentence": "",
            }
            for name, height in heights.items()
        ]
        path.write_text(json.dumps(record))
    overview = read_overview(screened)
    assert list(overview.table["control_above_last_decades"][:2]) == [-0.4, -0.4]
    assert np.isnan(overview.table["control_above_last_decades"][2])
    assert overview.families["control_above_last_decades_mean"].tolist() == [-0.4]


def test_an_overview_of_failures_alone_says_so(screened, tmp_path):
    results = Path(screened.config.results)
    for dot in screened.dots[:2]:
        for name in ("relaxed.json", "hamiltonian.nc", "series.json"):
            shutil.copy(results / screened.dots[2].id / name, results / dot.id / name)
    overview = read_overview(screened)
    assert len(overview.failures) > 0
    write_overview(overview, tmp_path / "index.html")
    page = (tmp_path / "index.html").read_text()
    assert "no dot of the study has a result" in page
    assert all(html.escape(failure.reason) in page for failure in overview.failures)
