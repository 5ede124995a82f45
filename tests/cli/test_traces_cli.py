"""`qdjunction traces`: from a folder of text traces to tables and figures, and from conductances to traces."""

import json
from itertools import islice

import numpy as np
import pandas as pd
import pytest

from qdjunction.cli import main
from qdjunction.cli.parser import parse
from qdjunction.interference.results import SingleSeries
from qdjunction.study.results import SeriesRecord
from qdjunction.traces.reading import open_traces
from qdjunction.traces.selection import find_jump
from qdjunction.traces.settings import JumpSettings, SimulationSettings
from qdjunction.traces.simulation import simulate, write_simulation
from support.traces import SERIES, write_traces

SIMULATION = SimulationSettings(points=7000, length_nm=2.4, seed=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of text traces, two of which cannot be read."""
    here = tmp_path_factory.mktemp("traces") / "MAPbBr3"
    write_traces(here, SIMULATION, 40, "goodtrace-trace")
    (here / "goodtrace-trace-40.txt").write_text("")
    (here / "notes.txt").write_text("the tip was changed after trace 12\n")
    return here


def test_select_writes_a_row_for_every_trace_that_the_rule_selects(folder, tmp_path, capsys):
    output = tmp_path / "jumps.parquet"
    words = ["traces", "select", str(folder), "--output", str(output), "--bad", str(tmp_path / "bad.csv")]
    assert main(words) == 0
    table = pd.read_parquet(output)
    jumps = [jump for trace in open_traces(folder) if (jump := find_jump(trace, JumpSettings()))]
    assert len(jumps) > 15
    assert table["file"].tolist() == [jump.trace for jump in jumps]
    assert table["index"].tolist() == [jump.index for jump in jumps]
    for column in ("displacement_nm", "log10_g", "height_decades"):
        np.testing.assert_array_equal(table[column], [getattr(jump, column) for jump in jumps])
    bad = pd.read_csv(tmp_path / "bad.csv").set_index("file")["reason"]
    assert bad["goodtrace-trace-40.txt"] == "it is empty"
    assert "the tip was changed" in bad["notes.txt"]
    printed = capsys.readouterr().out
    assert "40 traces read, 2 left out" in printed
    assert f"{len(jumps)} of these have a jump" in printed


def selected(words, tmp_path):
    assert main(["traces", "select", *map(str, words), "--output", str(tmp_path / "jumps.csv")]) == 0
    return len(pd.read_csv(tmp_path / "jumps.csv"))


def test_thresholds_come_from_the_configuration_and_options_go_first(folder, tmp_path):
    (tmp_path / "mine.yaml").write_text("study: x\ndots: []\ntraces: {jump: {rise_decades: 2.5}}\n")
    default = selected([folder], tmp_path)
    assert default > 0
    assert selected([folder, "--config", tmp_path / "mine.yaml"], tmp_path) == 0
    both = [folder, "--config", tmp_path / "mine.yaml", "--rise-decades", "0.4"]
    assert selected(both, tmp_path) == default
    assert selected([folder, "--rise-decades", "2.5"], tmp_path) == 0
    assert (
        selected([folder, "--foot-lower-log10-g", "-4.45", "--foot-upper-log10-g", "-4.4"], tmp_path)
        < default
    )
    assert selected([folder, "--pattern", "goodtrace-trace-1?.txt"], tmp_path) < default


def test_histogram_writes_figures_with_their_numbers(folder, tmp_path, capsys):
    out = tmp_path / "figures"
    words = [
        "traces",
        "histogram",
        str(folder),
        "--output",
        str(out),
        "--peaks-fit-range-log10-g",
        "-5.6",
        "-0.8",
    ]
    assert main(words) == 0
    expected = {
        f"{kind}.{suffix}"
        for kind in ("conductance", "cloud", "aligned", "jumps")
        for suffix in ("svg", "pdf", "csv")
    }
    assert {path.name for path in out.iterdir()} == expected | {
        "histograms.nc",
        "jumps.parquet",
        "summary.json",
    }
    table = pd.read_csv(out / "conductance.csv")
    centres = table[table["row"] == "peak"]["log10_g"].to_numpy()
    np.testing.assert_allclose(centres, [-4.9, -2.72, -1.54], atol=0.15)
    bins = table[table["row"] == "bin"]
    below = bins[bins["log10_g"] < -0.3]
    assert (below["share_per_decade"] * 0.01).sum() == pytest.approx(1)
    summary = json.loads((out / "summary.json").read_text())
    assert bins["counts"].sum() > 5000 * summary["complete"]
    assert len(summary["bad"]) == 2
    assert capsys.readouterr().out.count("peak at log10(G/G0)") == 3


def test_simulated_traces_are_found_to_be_simulated(tmp_path):
    path = tmp_path / "given.parquet"
    given = ["--log10-g=-1.54,-2.72,-4.9,-3.9", "--distances", "3.9,9.2,14.5,17.5"]
    model = ["--points", "7000", "--length-nm", "2.4", "--seed", "3"]
    assert main(["traces", "simulate", *given, *model, "--traces", "12", "--output", str(path)]) == 0
    expected = islice(simulate(SERIES, SIMULATION), 12)
    for trace, item in zip(open_traces(path), expected, strict=True):
        np.testing.assert_array_equal(trace.log10_g, item.trace.log10_g)
    assert main(["traces", "histogram", str(path), "--output", str(tmp_path / "f"), "--name", "given"]) == 0
    assert json.loads((tmp_path / "f" / "summary.json").read_text())["simulated"]


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A file of 40 simulated traces."""
    path = tmp_path_factory.mktemp("few") / "few.parquet"
    write_simulation(path, islice(simulate(SERIES, SIMULATION), 40))
    return path


def test_an_analysis_has_a_table_a_figure_and_printed_results(few, tmp_path, capsys):
    words = ["--peaks-guesses-log10-g", "-4.9", "-2.7", "-1.5", "--groups", "8"]
    assert main(["traces", "plateaus", str(few), "--output", str(tmp_path), *words]) == 0
    assert {f"plateaus_figure.{suffix}" for suffix in ("svg", "pdf", "csv")} <= {
        path.name for path in tmp_path.iterdir()
    }
    summary = json.loads((tmp_path / "plateaus.json").read_text())
    levels = [plateau["level_log10_g"] for plateau in summary["plateaus"]]
    np.testing.assert_allclose(levels, [-1.54, -2.72, -4.9], atol=0.15)
    spacing = summary["plateaus"][0]["spacing_to_next_nm"]
    assert spacing[0] == pytest.approx(0.53, abs=0.07)
    printed = capsys.readouterr().out
    assert "40 traces read" in printed
    assert "Plateaus at the peaks" in printed
    table = pd.read_csv(tmp_path / "plateaus.csv")
    assert table.groupby("level_log10_g")["traces_by_length"].sum().tolist() == [
        plateau["traces"] for plateau in reversed(summary["plateaus"])
    ]


def test_a_bias_series_needs_no_study(few, tmp_path, capsys):
    sets = [f"{bias}={few}" for bias in (0.05, 0.1, 0.15, 0.2, 0.25)]
    words = ["--level-log10-g=-2.7", "--width-nm", "1", "--output", str(tmp_path), "--groups", "8"]
    assert main(["traces", "bias", *sets, *words, "--image-permittivity", "4"]) == 0
    made = json.loads((tmp_path / "simmons.json").read_text())
    assert made["fit"]["image_permittivity"] == 4
    assert [point["bias_v"] for point in made["points"]] == [0.05, 0.1, 0.15, 0.2, 0.25]
    assert (tmp_path / "bias.svg").exists()
    assert json.loads((tmp_path / "50mV" / "summary.json").read_text())["bias_v"] == 0.05
    assert "no upper bound" in capsys.readouterr().out


def test_biases_have_the_sign_of_the_current(folder):
    biases = (0.05, 0.1, 0.15, 0.2, 0.25)
    for sign in ("", "-"):
        words = [f"{sign}{bias}={folder}" for bias in biases]
        command = parse(["traces", "bias", *BIAS, "--conductance-unit", "nanoamperes", "--", *words])
        read = {bias: read.bias_v for bias, (_, read) in command._sets().items()}
        assert read == {bias: float(f"{sign}{bias}") for bias in biases}


def test_a_report_is_a_results_folder_with_its_page(few, tmp_path, capsys):
    folder = tmp_path / "results"
    words = ["--classes-neighbours", "8", "--classes-repeats", "2", "--classes-largest-classes", "3"]
    words += ["--classes-number", "3", "--groups", "8"]
    assert main(["traces", "report", f"MAPbBr3={few}", "--output", str(folder), *words]) == 0
    assert str(folder / "report" / "index.html") in capsys.readouterr().out
    page = (folder / "report" / "index.html").read_text()
    assert "MAPbBr3, simulated" in page
    assert page.count("<figure") == len(list((folder / "report" / "figures").glob("*.svg"))) >= 6
    assert main(["failures", str(folder)]) == 0


def test_a_report_has_the_analyses_that_are_named(few, tmp_path, capsys):
    folder = tmp_path / "results"
    words = ["traces", "report", f"MAPbBr3={few}", "--output", str(folder), "--groups", "8"]
    assert main([*words, "--analyses", "segments", "align"]) == 0
    made = {path.stem for path in (folder / "traces" / "MAPbBr3").glob("*.csv")}
    assert made == {"segments", "align"}
    page = (folder / "report" / "index.html").read_text()
    assert "Plateaus of single traces" in page
    assert "Flicker noise" not in page
    assert main([*words, "--analyses", "segment"]) == 2
    assert "no analysis 'segment'; choose among align," in capsys.readouterr().err


def test_rivals_are_compared_with_conductances_of_a_study(few, study, tmp_path, capsys):
    words = ["traces", "rivals", str(few), "--output", str(tmp_path / "r"), "--groups", "8"]
    assert main([*words, "--conductance", str(study), "--at", "0"]) == 0
    made = json.loads((tmp_path / "r" / "rivals.json").read_text())
    assert made["sites"] == list(SERIES.names)
    np.testing.assert_allclose(made["levels_log10_g"], SERIES.log10_g)
    assert "conductance.csv" in json.dumps(made["provenance"]["inputs"])
    assert "computed conductances of L-R1, L-R2, L-R3, L-R4" in capsys.readouterr().out
    assert main([*words, "--left", "L"]) == 2
    assert "give it with --conductance" in capsys.readouterr().err


def test_a_file_is_shown_as_it_is_understood(tmp_path, capsys):
    path = tmp_path / "piezo.txt"
    z, g = np.linspace(0, 2, 500), np.linspace(0, -6, 500)
    volts = np.concatenate([z, z[::-1]]) / -8
    amperes = -np.concatenate([10**g, 10 ** g[::-1]]) * 7.74815e-6
    np.savetxt(path, np.column_stack([volts, amperes]), header="Piezo (V)\tI (A)", delimiter="\t")
    words = [
        "--displacement-unit",
        "volts",
        "--nm-per-volt=-8",
        "--conductance-unit",
        "amperes",
        "--bias-v=-0.1",
    ]
    assert main(["traces", "show", str(path), *words]) == 0
    printed = capsys.readouterr().out
    assert "displacement: column 0, Piezo (V); -0.25 to 0 volts by -8 nm/V" in printed
    assert (
        "conductance: column 1, I (A); -7.74815e-06 to -7.74815e-12 amperes, negative by -0.1 V bias"
        in printed
    )
    assert "pull piezo.txt[0]: 500 points, 0.000 to 2.000 nm, log10(G/G0) 0.00 to -6.00" in printed
    assert "left out piezo.txt[1]: its junction closes from 2 to 0 nm" in printed
    words[1:3] = ["volts", "--nm-per-volt=8", "--reverse-displacement"]
    assert main(["traces", "show", str(path), *words]) == 0
    printed = capsys.readouterr().out
    assert "-0.25 to 0 volts by 8 nm/V, reversed" in printed
    assert "pull piezo.txt[0]: 500 points, 0.000 to 2.000 nm" in printed
    assert main(["traces", "show", str(path)]) == 2
    assert "names volts" in capsys.readouterr().err
    assert main(["traces", "show", str(tmp_path)]) == 2
    assert "give one of its files" in capsys.readouterr().err


@pytest.fixture
def study(tmp_path):
    """Conductances of a dot as the workflow leaves them."""
    energies = np.linspace(-1, 1, 21)
    rows = [
        {
            "junction": name, "left": "L", "right": name[2:], "contact_distance_ang": distance, "fermi_eV": energy,
            "temperature_K": 300, "transmission": 1, "conductance_G0": 10 ** (level + 0.2 * energy),
        }
        for name, distance, level in reversed([*zip(SERIES.names, SERIES.distance_ang, SERIES.log10_g, strict=True)])
        for energy in energies
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "conductance.csv", index=False)
    contacts = sorted(zip(SERIES.distance_ang, SERIES.names, SERIES.log10_g, strict=True))
    series = SingleSeries(
        kind="single", left="L", junctions=[name for _, name, _ in contacts], headline="", sentence="",
        distances_ang=[distance for distance, _, _ in contacts], gap_ev=(-1, 1), window_ev=(-1, 1),
        headline_energy_ev=0.5, conductance_at_headline_G0=[10**level for _, _, level in contacts],
    )  # fmt: skip
    SeriesRecord(temperature_k=300, series=(series,), provenance={}).write(tmp_path / "series.json")
    return tmp_path / "conductance.csv"


@pytest.mark.parametrize(("words", "energy"), [((), 0.5), (("--at", "-0.33"), -0.33)])
def test_conductances_of_a_study_are_taken_at_its_headline_energy(study, tmp_path, words, energy):
    path = tmp_path / "predicted.parquet"
    clean = [
        "--points",
        "2000",
        "--bound-fraction",
        "1",
        "--slide-fraction",
        "1",
        "--level-spread-decades",
        "0",
    ]
    clean += ["--noise-decades", "0", "--flicker-decades", "0", "--slope-decades-per-nm", "0"]
    clean += ["--position-spread-nm", "0"]
    command = [
        "traces",
        "simulate",
        "--conductance",
        str(study),
        *words,
        *clean,
        "--traces",
        "2",
        "--output",
        str(path),
    ]
    assert main(command) == 0
    trace = next(iter(open_traces(path)))
    middles = 0.18 + 0.1 * (np.array(SERIES.distance_ang) - SERIES.distance_ang[0])
    at_middles = np.interp(middles, trace.displacement_nm, trace.log10_g)
    np.testing.assert_allclose(at_middles, np.array(SERIES.log10_g) + 0.2 * energy, atol=3e-3)


def test_computed_conductances_are_marked_in_a_histogram(folder, study, tmp_path):
    words = [
        "traces",
        "histogram",
        str(folder),
        "--conductance",
        str(study),
        "--at",
        "0",
        "--output",
        str(tmp_path / "f"),
    ]
    assert main(words) == 0
    table = pd.read_csv(tmp_path / "f" / "conductance.csv")
    sites = table[table["row"] == "site"]
    assert sites["site"].tolist() == list(SERIES.names)
    np.testing.assert_allclose(sites["log10_g"], SERIES.log10_g)


BIAS = ["--level-log10-g=-2.7", "--width-nm", "1", "--output", "x.dir"]
BAD = {
    "no folder": (["select", "none", "--output", "x.parquet"], "none: no such folder"),
    "suffix of the table": (["select", "{folder}", "--output", "x.xlsx"], "x.xlsx"),
    "threshold": (["select", "{folder}", "--rise-decades", "-1", "--output", "x.csv"], "jump.rise_decades"),
    "no number": (["select", "{folder}", "--rise-decades", "big", "--output", "x.csv"], "jump.rise_decades = 'big'"),
    "unit": (["select", "{folder}", "--conductance-unit", "mS", "--output", "x.csv"], "read.conductance_unit = 'mS'"),
    "wrong unit": (
        ["select", "{folder}", "--conductance-unit", "siemens", "--output", "x.csv"],
        "none of 42 traces can be read",
    ),
    "no section": (["select", "{folder}", "--config", "{plain}", "--output", "x.csv"], "no section 'traces'"),
    "misspelt": (["select", "{folder}", "--config", "{misspelt}", "--output", "x.csv"], "did you mean 'rise_decades'?"),
    "no configuration": (["select", "{folder}", "--config", "none.yaml", "--output", "x.csv"], "none.yaml"),
    "guesses": (
        ["histogram", "{folder}", "--peaks-guesses-log10-g", "-2", "--output", "x.dir"], "1 guesses for 3 peaks"
    ),
    "output is a file": (["histogram", "{folder}", "--output", "{plain}"], "is a file"),
    "no conductances": (["simulate", "--output", "x.parquet"], "--conductance"),
    "lengths": (["simulate", "--log10-g=-1", "--distances", "3,5", "--output", "x.parquet"], "one of each"),
    "list": (["simulate", "--log10-g=low", "--distances", "3", "--output", "x.parquet"], "--log10-g = 'low'"),
    "both": (
        ["simulate", "--log10-g=-1", "--distances", "3", "--conductance", "{study}", "--output", "x.parquet"],
        "give one of them",
    ),
    "left": (["simulate", "--conductance", "{study}", "--left", "Q", "--output", "x.parquet"], "'Q'"),
    "energy": (["simulate", "--conductance", "{study}", "--at", "9", "--output", "x.parquet"], "9 eV lies outside"),
    "no table": (["simulate", "--conductance", "{plain}", "--at", "0", "--output", "x.parquet"], "has no column"),
    "bias": (["bias", "0.05={folder}", "big=x", *BIAS], "big=x: no bias of 0 to 5 V"),
    "twice": (["bias", *["0.1={folder}"] * 5, *BIAS], "the bias 0.1 V is given twice"),
    "another bias": (
        ["bias", "0.05={folder}", "0.1={folder}", *BIAS, "--bias-v=-0.05"],
        "its bias differs from --bias-v -0.05; leave that out, and for currents that are counted the other way write "
        "-- -0.1=",
    ),
    "few": (["bias", "0.1={folder}", *BIAS], "a bias series needs at least 5"),
    "names": (["report", "{folder}", "{folder}", "--output", "x.dir"], "two sets are called"),
    "nothing": (["report", "none", "--output", "x.dir"], "no such file or folder"),
    "count": (["simulate", "--conductance", "{study}", "--traces", "0", "--output", "x.parquet"], "--traces = 0"),
    "format": (["simulate", "--conductance", "{study}", "--output", "x.csv"], "let the name end in .parquet"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_sentence_and_exit_code_2(
    folder, study, tmp_path, monkeypatch, capsys, words, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain.yaml").write_text("study: x\n")
    (tmp_path / "misspelt.yaml").write_text("traces: {jump: {rise_decade: 1}}\n")
    paths = {
        "folder": folder, "study": study, "plain": tmp_path / "plain.yaml", "misspelt": tmp_path / "misspelt.yaml"
    }  # fmt: skip
    assert main(["traces", *(word.format(**paths) for word in words)]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert not list(tmp_path.glob("x.*"))


def test_every_threshold_is_an_option(capsys):
    for command, models in {
        "select": ["rise-decades", "pattern"],
        "simulate": ["drift-nm"],
        "histogram": ["groups"],
    }.items():
        with pytest.raises(SystemExit):
            main(["traces", command, "--help"])
        printed = capsys.readouterr().out
        for name in models:
            assert f"--{name} X" in printed
