"""`qdjunction plot`: one figure of any result files."""

import json
import shutil

import numpy as np
import pytest
import sisl

from qdjunction import cli
from qdjunction.cli.parser import parse
from qdjunction.core.errors import InputError
from qdjunction.core.results import read_result
from qdjunction.report.plot import plot, read_drawing
from qdjunction.study.results import SeriesRecord
from qdjunction.transport import Transmission, write_tbt, write_transmission
from support.paths import RECORDED

ENERGIES = np.linspace(-1, 1, 21)
ENGINE = {"name": "xtb", "method": "GFN1-xTB", "embedded": True}
GEOMETRY = sisl.geom.graphene(orthogonal=True).tile(3, 0)


def a_transmission(path, scale, engine=ENGINE):
    result = Transmission(ENERGIES, scale * np.exp(-(ENERGIES**2)), "direct", ("a", "b"), 0.0, 0.0)
    if path.name.endswith(".TBT.nc"):
        return write_tbt(result, path, GEOMETRY, [0, 1], [10, 11])
    return write_transmission(result, path, {"leads": {"kind": "wide-band"}, "engine": engine})


@pytest.fixture
def files(tmp_path):
    (tmp_path / "para").mkdir()
    return [
        a_transmission(tmp_path / "t.nc", 1.0),
        a_transmission(tmp_path / "para" / "t.nc", 1e-20, None),
        a_transmission(tmp_path / "x.TBT.nc", 0.5),
    ]


def test_curves_of_any_number_of_files_with_their_numbers(files):
    drawing = read_drawing(files[1:], ["meta", "x"])
    lines = {line.get_label(): line for line in drawing.figure.axes[0].get_lines()}
    exact = np.exp(-(ENERGIES**2))
    np.testing.assert_allclose(lines["x"].get_ydata(), 0.5 * exact, rtol=1e-12)
    assert (lines["meta"].get_ydata() == 1e-14).all()  # rounding is cut off in the picture only
    np.testing.assert_allclose(drawing.table.query("file == 'meta'").transmission, 1e-20 * exact, rtol=1e-12)
    assert drawing.figure.axes[0].get_yscale() == "log"


def test_a_model_is_named_at_the_foot(files):
    assert read_drawing(files).figure.get_supxlabel() == "GFN1-xTB: embedded model, not DFT"
    assert read_drawing(files[1:]).figure.get_supxlabel() == ""


def test_files_of_one_name_are_told_apart_by_their_folders(files):
    assert set(read_drawing(files[:2]).table["file"]) == {files[0].parent.name, "para"}
    same = files[0].parent / "para" / "para" / "t.nc"
    same.parent.mkdir()
    shutil.copy(files[0], same)
    assert set(read_drawing([files[1], same]).table["file"]) == {f"{files[0].parent.name}/para", "para/para"}


def test_an_observable_and_its_picture_on_the_command_line(tmp_path, capsys):
    geometry = sisl.Geometry(
        [[0, 0, 2.5 * i] for i in range(3)], sisl.Atom(6, sisl.Orbital(30.0)), [40, 40, 50]
    )
    hamiltonian = sisl.Hamiltonian(geometry)
    hamiltonian[0, 1] = hamiltonian[1, 0] = hamiltonian[1, 2] = hamiltonian[2, 1] = 0.1
    hamiltonian.write(tmp_path / "h.nc")
    leads = ["--left-atoms", "0", "--right-atoms", "2", "--fermi", "0"]
    folder = str(tmp_path)
    words = ["observe", "eigenchannels", f"{folder}/h.nc", *leads, "--energies-ev", "0", "0.1", "--output"]
    assert cli.main([*words, f"{folder}/channels.nc", "--plot", f"{folder}/channels.png"]) == 0
    assert (tmp_path / "channels.png").read_bytes().startswith(b"\x89PNG")
    assert cli.main(["transmission", f"{folder}/h.nc", *leads, "--output", f"{folder}/t.nc"]) == 0
    (tmp_path / "large.mplstyle").write_text("font.size: 20\n")
    words = ["plot", f"{folder}/t.nc", "--labels", "chain", "--style", f"{folder}/large.mplstyle", "--output"]
    for suffix, start in (("svg", b"<?xml"), ("pdf", b"%PDF")):
        assert cli.main([*words, f"{folder}/t.{suffix}"]) == 0
        assert (tmp_path / f"t.{suffix}").read_bytes().startswith(start)
    capsys.readouterr()
    assert (
        cli.main(["plot", f"{folder}/t.nc", f"{folder}/channels.nc", "--output", f"{folder}/both.svg"]) == 2
    )
    assert "channels.nc: is drawn by itself" in capsys.readouterr().err


def test_histograms_of_traces(tmp_path):
    folder = str(tmp_path)
    simulated = ["--log10-g=-1.5,-4.0", "--distances", "3.9,9.2", "--traces", "20"]
    assert cli.main(["traces", "simulate", *simulated, "--output", f"{folder}/traces.parquet"]) == 0
    assert cli.main(["traces", "histogram", f"{folder}/traces.parquet", "--output", f"{folder}/drawn"]) == 0
    plot([tmp_path / "drawn"], tmp_path / "again.svg")
    assert (tmp_path / "again.svg").stat().st_size > 1000
    assert read_drawing([tmp_path / "drawn"]).figure.get_supxlabel() == "simulated traces"


def test_a_series_from_its_place_in_the_results(tmp_path, chain_series):
    decay = chain_series.decay
    junction = tmp_path / decay.junctions[0]
    junction.mkdir()
    shutil.copy(RECORDED / "1Pb_MAPbBr3" / "short" / "frontier.json", junction)
    record = read_result(SeriesRecord, RECORDED / "1Pb_MAPbBr3" / "series.json")
    record.model_copy(update={"series": (decay,)}).write(tmp_path / "series.json")
    drawing = read_drawing([tmp_path / "series.json"])
    contacts = drawing.table[drawing.table["row"] == "contact"]
    np.testing.assert_allclose(contacts["conductance_G0"], decay.conductance_at_headline_G0)
    assert drawing.figure.get_supxlabel() == "GFN1-xTB: embedded model, not DFT"
    other = decay.model_copy(update={"left": "La"})
    for series, those in (((), "none of 0"), ((decay, other), f"2 series, from {decay.left}, La, of 2")):
        record.model_copy(update={"series": series}).write(tmp_path / "series.json")
        with pytest.raises(
            InputError, match=f"one series of two contacts or more can be drawn, and it has {those};"
        ):
            read_drawing([tmp_path / "series.json"])


def test_two_contacts_are_compared():
    drawing = read_drawing([RECORDED / "1Pb_MAPbBr3" / "series.json"])
    (series,) = read_result(SeriesRecord, RECORDED / "1Pb_MAPbBr3" / "series.json").series
    headline = np.abs(drawing.table["energy_eV"] - series.headline_energy_ev).argmin()
    ratio = drawing.table["log10_ratio"].iloc[headline]
    assert ratio == pytest.approx(series.log10_ratio_at_headline, abs=0.05)
    assert drawing.figure.axes[0].get_ylabel().startswith("$\\log_{10}(G")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.nc", None, "there is no such file"),
        ("text.csv", "a,b\n1,2\n", r"cannot be drawn. Known are T\(E\) of"),
        ("damaged.nc", "no netCDF", "cannot be drawn"),
        ("damaged.TBT.nc", "no netCDF", "is no file of TBtrans"),
        ("values.json", json.dumps({"a": 1}), "cannot be drawn"),
    ],
)
def test_what_cannot_be_drawn(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        plot([tmp_path / name], tmp_path / "x.svg")
    assert not (tmp_path / "x.svg").exists()


def test_labels_of_the_command_line_reach_the_figure(files, tmp_path):
    words = ["plot", *map(str, files[:2]), "--output", str(tmp_path / "x.svg")]
    assert parse([*words, "--labels", "para,meta"]).labels == ["para", "meta"]
    assert parse(words).labels is None


def test_every_file_needs_a_label_of_its_own(files, tmp_path):
    for labels in (["one"], ["one", "one", "two"]):
        with pytest.raises(InputError, match="give each file a label of its own"):
            plot(files, tmp_path / "x.svg", labels)
