"""Published values beside those of a study."""

import json
import shutil
from types import SimpleNamespace
from typing import get_args

import pandas as pd
import pytest

from qdjunction.core.errors import InputError
from qdjunction.core.provenance import Provenance
from qdjunction.core.results import read_table
from qdjunction.report.collect import collect
from qdjunction.report.page import Page
from qdjunction.report.paper_comparison import COLUMNS, compare_with_paper
from qdjunction.report.quantities.registry import QUANTITIES
from qdjunction.report.redraw import write_paper_table
from qdjunction.report.sections.registry import SECTIONS
from qdjunction.study.config import parse_config
from qdjunction.study.papers import NEEDS, Paper, Quantity, paper_names, read_paper
from qdjunction.study.study_file import read_study
from support.paths import RECORDED

DOT = "1Pb_MAPbBr3"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The recorded study of 1Pb, compared with the paper."""
    folder = tmp_path_factory.mktemp("paper") / "results"
    shutil.copytree(RECORDED, folder)
    record = json.loads((folder / "study.json").read_text())
    record["config"]["paper"] = "zheng-2019"
    (folder / "study.json").write_text(json.dumps(record))
    return collect(read_study(folder))


def made(*items):
    return Paper(title="t", source="s", doi="d", method="m", items=list(items))


def test_every_quantity_is_computed_and_knows_its_keys():
    assert QUANTITIES.keys() == NEEDS.keys() == set(get_args(Quantity))
    for name in paper_names():
        assert read_paper(name).items


def test_the_table_of_the_recorded_study(results):
    table = compare_with_paper(results, read_paper("zheng-2019")).set_index("item")
    assert table.loc["composition of 1Pb", ["paper", "ours", "agrees"]].tolist() == [
        "MA4PbBr6",
        "MA4PbBr6",
        "yes",
    ]
    dot = results.dot(DOT)
    gap = table.loc["HOMO-LUMO gap of 1Pb"]
    assert float(gap["ours"]) == pytest.approx(dot.lumo_ev - dot.homo_ev, abs=0.005)
    assert gap["agrees"] == ("yes" if abs(dot.lumo_ev - dot.homo_ev - 3.91) <= 0.3 else "no")
    assert "order of its gaps over the halides is wrong" in gap["note"]
    bulk = table.loc["gap of bulk MAPbBr3"]
    assert (bulk["ours"], bulk["agrees"]) == ("not available", "not available")
    assert "Gamma-only" in bulk["note"]
    assert table.loc["jump of 12Pb", "note"] == "the study has no 12Pb_MAPbBr3"
    rule = next(j for j in dot.junctions if j.case.name == "long").frontier.orbital_rule["midgap"]
    ends = table.loc["HOMO and LUMO of 1Pb interfere constructively end to end"]
    assert ends["agrees"] == ("yes" if rule.constructive else "no")
    assert float(table.loc["site 8 of the diatomic chain above the trend", "ours"]) == 1
    assert set(table["engine"]) == {"GFN1-xTB"}


@pytest.mark.parametrize(("value", "tolerance", "agrees"), [(3.0, 0.0, "no"), (0.0, 10.0, "yes")])
def test_a_number_agrees_within_its_tolerance(results, value, tolerance, agrees):
    item = {"item": "gap", "quantity": "gap", "dot": DOT, "value": value, "tolerance": tolerance}
    (row,) = compare_with_paper(results, made(item)).to_dict("records")
    assert row["agrees"] == agrees


def test_statements_about_series(results):
    """Of made series: a decay with a jump, and one that conducts a decade less."""
    verdict = SimpleNamespace(
        beta_per_ang=0.5, beta_interval_per_ang=(0.3, 0.7), confidence=0.68, step=True, step_decades=1.0,
        above_trend_decades=2.0, band=None,
    )  # fmt: skip

    def series(left, conductance):
        summary = SimpleNamespace(
            at_headline=verdict,
            headline="1 eV above the HOMO",
            junctions=("L-R1", "L-R2", "L-R3"),
            distances_ang=(4.0, 8.0, 12.0),
            conductance_at_headline_G0=[conductance, conductance / 10, conductance],
            controls=(SimpleNamespace(name="R1-R3", same_site=True, above_last_decades=-1.1),)
            if left == "L"
            else (),
        )
        members = tuple(SimpleNamespace(case=SimpleNamespace(right=f"R{n}")) for n in (1, 2, 3))
        return SimpleNamespace(left=left, kind="decay", summary=summary, decay=summary, junctions=members)

    dot = SimpleNamespace(case=SimpleNamespace(id="made"), series=(series("L", 1e-2), series("La", 1e-3)))
    study = SimpleNamespace(dots=(dot,), engine=results.engine, study=results.study)
    at = {"dot": "made", "left": "L"}
    rows = compare_with_paper(
        study,
        made(
            {"item": "beta", "quantity": "beta", **at, "value": 0.69, "tolerance": 0.01},
            {"item": "near", "quantity": "beta", **at, "value": 0.55, "tolerance": 0.1},
            {"item": "far", "quantity": "beta", **at, "value": 0.8, "tolerance": 0.01},
            {"item": "jump", "quantity": "jump", **at, "value": "yes"},
            {"item": "height", "quantity": "jump-height", **at, "value": 0.81, "tolerance": 0.45},
            {
                "item": "plateau",
                "quantity": "plateau",
                "dot": "made",
                "junction": "L-R2",
                "value": -2.72,
                "tolerance": 0.3,
            },
            {"item": "bare", "quantity": "jump", "dot": "made", "left": "La", "value": "yes"},
            {
                "item": "lower",
                "quantity": "lower-series",
                "dot": "made",
                "left": "La",
                "other": "L",
                "value": "yes",
            },
            {
                "item": "higher",
                "quantity": "lower-series",
                "dot": "made",
                "left": "L",
                "other": "La",
                "value": "yes",
            },
            {
                "item": "absent",
                "quantity": "beta",
                "dot": "made",
                "left": "Lb",
                "value": 1.0,
                "tolerance": 1.0,
            },
        ),
    ).set_index("item")
    assert rows["agrees"].to_dict() == {
        "beta": "open", "near": "yes", "far": "no", "jump": "yes", "height": "yes", "plateau": "yes", "bare": "yes",
        "lower": "yes", "higher": "no",
        "absent": "not available",
    }  # fmt: skip
    assert (rows.loc["beta", "low"], rows.loc["beta", "high"]) == (0.3, 0.7)
    assert rows.loc["beta", "note"].endswith("single steps 0.58")
    assert rows.loc["height", ["ours", "note"]].tolist() == ["1", "L-R2 to L-R3"]
    assert rows.loc["plateau", ["ours", "note"]].tolist() == ["-3", "L-R2 at 1 eV above the HOMO"]
    assert rows.loc["jump", "note"].endswith("of two contacts; control R1-R3 -1.10 from the last contact")
    assert rows.loc["bare", "note"].endswith("no control on the last site")
    assert rows.loc["lower", "note"] == "-1.00 decades on average"


def test_sliding_ligands_and_other_connectivities(results):
    """Of made records: barriers over the common displacement, the largest change, betas without a verdict."""

    def slide(name, *energies_ev, broken=()):
        steps = tuple(
            SimpleNamespace(displacement_ang=0.5 * n, energy_ev=energy, broken=broken, formed=())
            for n, energy in enumerate(energies_ev)
        )
        return SimpleNamespace(case=SimpleNamespace(name=name), record=SimpleNamespace(steps=steps))

    def dot(name, left, conductance):
        fit = SimpleNamespace(beta_per_ang=0.61, beta_interval_per_ang=(0.5, 0.72))
        summary = SimpleNamespace(
            junctions=("L-R2",),
            conductance_at_headline_G0=[conductance],
            headline="1 eV above the HOMO",
            at_headline=fit,
        )
        series = SimpleNamespace(left=left, kind="decay", summary=summary, decay=summary)
        return SimpleNamespace(case=SimpleNamespace(id=name), series=(series,))

    study = SimpleNamespace(
        dots=(dot("bare", "L", 1e-3), dot("with", "La", 1e-4), dot("also", "L", 2e-3)),
        slides=(
            slide("row", -5, -5.3, -5.1), slide("diagonal", -3, -2.9, -2.7, -1),
            slide("torn", -5, -4.9, -4.8, broken=("Au 1-Au 2",)),
        ),
        engine=results.engine,
        study=results.study,
    )  # fmt: skip
    change = {"quantity": "ligand-change", "junction": "L-R2", "value": 0.0, "tolerance": 0.3}
    betas = {"quantity": "other-betas", "left": "L", "value": "0.72, 1.2"}
    rows = compare_with_paper(
        study,
        made(
            {"item": "row", "quantity": "sliding-lower", "slides": ["row", "diagonal"], "value": "yes"},
            {"item": "diagonal", "quantity": "sliding-lower", "slides": ["diagonal", "row"], "value": "yes"},
            {"item": "torn", "quantity": "sliding-lower", "slides": ["torn", "diagonal"], "value": "yes"},
            {"item": "no slide", "quantity": "sliding-lower", "slides": ["row", "none"], "value": "yes"},
            {"item": "ligand", **change, "dots": ["bare", "also", "with"]},
            {"item": "small", **change, "dots": ["bare", "also"], "tolerance": 0.31},
            {"item": "La", **betas, "dot": "with"},
            {"item": "no others", **betas, "dot": "bare"},
        ),
    ).set_index("item")
    assert rows["agrees"].to_dict() == {
        "row": "yes", "diagonal": "no", "torn": "open", "no slide": "not available", "ligand": "no", "small": "yes",
        "La": "open",
        "no others": "not available",
    }  # fmt: skip
    # The row first falls by 0.3 and then climbs by 0.2.
    assert rows.loc["row", "note"] == "largest climb over 1.0 Ang: row 0.20 eV, diagonal 0.30 eV"
    assert rows.loc["torn", "note"] == (
        "largest climb over 1.0 Ang: torn 0.20 eV, diagonal 0.30 eV; bonds of gold change along torn"
    )
    assert rows.loc["ligand", "note"] == "L-R2: also +0.30, with -1.00"
    assert rows.loc["La", "note"] == "La 0.61 (0.50 to 0.72)"


def test_file_and_page_show_the_same(results, tmp_path):
    write_paper_table(results, tmp_path / "paper.csv")
    written = read_table(tmp_path / "paper.csv")
    assert tuple(written.columns) == COLUMNS
    pd.testing.assert_series_equal(
        written["item"], compare_with_paper(results, read_paper("zheng-2019"))["item"], check_dtype=False
    )
    html = SECTIONS["paper"].html(Page(results, Provenance()))
    assert "Nat. Commun. 10, 5458 (2019)" in html
    assert html.count("<tr>") == len(written) + 1
    assert SECTIONS["paper"].html(Page(collect(read_study(RECORDED)), Provenance())) == ""


def test_an_unknown_paper_is_refused_with_the_known_ones():
    values = {"study": "s", "dots": [{"dot": "1Pb", "contacts": ["short"]}], "paper": "nobody-1900"}
    with pytest.raises(InputError, match=r"paper = 'nobody-1900'.*zheng-2019"):
        parse_config(values)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"quantity": "gap", "value": 1.0, "tolerance": 0.1}, "dot is missing"),
        ({"quantity": "gap", "dot": DOT, "value": 1.0}, "tolerance is missing"),
        ({"quantity": "gaps"}, "not-computed"),
    ],
)
def test_a_wrong_item_is_refused(item, reason):
    with pytest.raises(ValueError, match=reason):
        made({"item": "x", **item})
