"""Mechanisms of an exciton shift from their record to figure, page and the table of the paper."""

import json
import shutil

import numpy as np
import pytest
import yaml

from qdjunction.core.provenance import Provenance
from qdjunction.engine.contract import EngineInfo
from qdjunction.interference.coupling import Coupling
from qdjunction.interference.coupling_results import CouplingRecord, PairCoupling, decays_of
from qdjunction.interference.exciton_settings import ExcitonSettings
from qdjunction.report.collect import collect
from qdjunction.report.drawing import draw
from qdjunction.report.page import Page
from qdjunction.report.paper_comparison import compare_with_paper
from qdjunction.report.plan import files_of, planned_figures
from qdjunction.report.sections.registry import SECTIONS
from qdjunction.steps.exciton import exciton_of_study
from qdjunction.study import layout
from qdjunction.study.papers import read_paper
from qdjunction.study.study_file import read_study
from support.paths import RECORDED, ROOT

EXCITON = yaml.safe_load((ROOT / "papers" / "enomoto-2024.yaml").read_text())["exciton"]


def pair(name, distance, coupling):
    one = Coupling((-1.0, -1.0), 2 * coupling, coupling, 1, 1.0, 0.0, coupling, 0.0)
    levels = {"HOMO": one, "LUMO": one}
    return PairCoupling(
        pair=name,
        linker="x",
        is_saturated=True,
        end_distance_ang=distance,
        pb_distance_ang=distance + 6,
        levels=levels,
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The recorded study of 1Pb with the published shifts, computed here, and made couplings of three pairs."""
    folder = tmp_path_factory.mktemp("exciton") / "results"
    shutil.copytree(RECORDED, folder)
    record = json.loads((folder / "study.json").read_text())
    record["config"] |= {"exciton": EXCITON, "paper": "enomoto-2024"}
    (folder / "study.json").write_text(json.dumps(record))
    pairs = (pair("C3", 5.5, 1e-3), pair("C6", 9.4, 4.2e-4), pair("C10", 14.4, 1e-4))
    coupling = CouplingRecord(
        pairs=pairs, decays=decays_of(pairs, 0.68), confidence=0.68, engine=EngineInfo("xtb", "GFN1-xTB", True),
        provenance={},
    )  # fmt: skip
    coupling.write(folder / "coupling.json")
    exciton_of_study(
        ExcitonSettings(**EXCITON),
        folder / layout.EXCITON_TABLE,
        folder / layout.EXCITON,
        folder / "coupling.json",
    )
    found = collect(read_study(folder))
    return type(found)(**vars(found) | {"coupling": coupling})


def test_figure_and_page_show_the_mechanisms(results):
    assert {layout.EXCITON, layout.EXCITON_TABLE} <= set(files_of(results.study))
    (figure,) = (one for one in planned_figures(results.study) if one.kind == "exciton")
    drawing = draw(results, figure)
    axes = drawing.figure.axes[0]
    labels = axes.get_legend_handles_labels()[1]
    assert {"measured", "polarisation", "resonance along the stack"} <= set(labels)
    near = drawing.table[np.isclose(drawing.table["centre_distance_ang"], 77)]
    assert near.set_index("what").loc["measured", "highest_size_meV"] == 44.0
    assert figure.caption_file
    html = SECTIONS["exciton"].html(Page(results, Provenance()))
    assert "cannot explain them" in html
    assert "resonance across the stack" in html
    assert SECTIONS["exciton"].html(Page(collect(read_study(RECORDED)), Provenance())) == ""


def test_the_paper_stands_beside_the_study(results):
    table = compare_with_paper(results, read_paper("enomoto-2024")).set_index("item")
    assert table.loc["distance of the two S of the C3 dithiol", "agrees"] == "yes"
    assert table.loc["distance of the two S of the C10 dithiol", "agrees"] == "yes"
    size = table.loc["shift with C3, and that by the polarisation of neighbours"]
    assert size["agrees"] == "no"
    assert -44 < size["low"] < size["high"] < 0
    explained = table.loc["resonant tunnelling explains the shift"]
    assert (explained["ours"], explained["agrees"]) == ("open", "open")
    decay = table.loc["decay of the shift with the S-S distance, and that of the coupling of the HOMO"]
    assert float(decay["ours"]) == pytest.approx(results.coupling.decays[0].beta_per_ang, abs=5e-3)
    # The made couplings fall by 10 over 8.9 Ang.
    fall = table.loc["fall of the shift, and that of the coupling of the HOMO"]
    assert fall["agrees"] == "yes"
    assert fall["low"] < 3.1 < fall["high"]
    bare = compare_with_paper(collect(read_study(RECORDED)), read_paper("enomoto-2024"))
    assert set(bare["agrees"]) == {"not available"}
