"""Files that name other units, hold several traces or none, or are no traces at all: never a silent wrong number."""

import bz2
import gzip
import json
import lzma
import os
import zipfile

import netCDF4
import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from qdjunction.core.errors import InputError
from qdjunction.core.units import G0_SIEMENS
from qdjunction.steps.traces import select_traces
from qdjunction.traces.reading import open_traces, trace_files
from qdjunction.traces.sets import TracesSection
from qdjunction.traces.settings import ReadSettings, TracesSettings

N = 200
Z = np.linspace(0.0, 4.0, N)
G = np.where(Z < 0.4, 1.0 - Z, -1.5 - 2.0 * Z) + 0.05 * np.sin(40 * Z)
TWO = np.column_stack([Z, G])


def text(columns, sep="\t", end="\n", head=""):
    return head + "".join(sep.join(f"{value:.6f}" for value in row) + end for row in columns)


def only(path, **settings):
    """The traces of a source of which nothing is left out."""
    source = open_traces(path, ReadSettings(**settings))
    traces = list(source)
    assert source.bad == []
    return traces


def reason(folder, **settings):
    """Why the only file of a folder is left out."""
    source = open_traces(folder, ReadSettings(**settings))
    assert list(source) == []
    (bad,) = source.bad
    return bad.reason


def assert_is_trace(trace, z=Z, g=G, atol=2e-6):
    np.testing.assert_allclose(trace.displacement_nm, z, rtol=0, atol=atol)
    np.testing.assert_allclose(trace.log10_g, g, rtol=0, atol=atol)


# Heads


DISPLACEMENT_HEADS = {
    "Piezo voltage (V)": ("volts", 1 / 0.08),
    "Piezo/V": ("volts", 1 / 0.08),
    "Distance (Å)": ("ang", 10.0),
    "z [Angstrom]": ("ang", 10.0),
    "Distance/Angstroem": ("ang", 10.0),
    "z (A\u030a)": ("ang", 10.0),
    "Displacement (A)": ("ang", 10.0),
    "Piezo voltage": ("volts", 1 / 0.08),
    "displacement_ang": ("ang", 10.0),
    "Displacement, um": ("um", 1e-3),
    "z / µm": ("um", 1e-3),
    "Stretching distance (pm)": ("pm", 1e3),
    "z in m": ("m", 1e-9),
    "Distance nm": ("nm", 1.0),
    '"Displacement (nm)"': ("nm", 1.0),
}


@pytest.mark.parametrize(("heading", "means"), DISPLACEMENT_HEADS.items(), ids=DISPLACEMENT_HEADS)
def test_displacement_heads_are_converted_as_set_and_refused_otherwise(tmp_path, heading, means):
    unit, factor = means
    rows = "".join(f"{z * factor:.12e}\t{g:.6f}\n" for z, g in TWO)
    (tmp_path / "a.txt").write_text(f"{heading}\tlog10(G/G0)\n{rows}", encoding="utf-8")
    calibration = {"nm_per_volt": 0.08} if unit == "volts" else {}
    (trace,) = only(tmp_path, displacement_unit=unit, **calibration)
    assert_is_trace(trace)
    other = "ang" if unit == "nm" else "nm"
    said = reason(tmp_path, displacement_unit=other)
    assert f"names {unit}, but traces.read.displacement_unit is {other}" in said
    assert ("nm_per_volt" in said) == (unit == "volts")


CONDUCTANCE_HEADS = {
    "log10(G/G0)": ("log10_g0", None),
    "log(G/G_0)": ("log10_g0", None),
    "lg G": ("log10_g0", None),
    "log10(G/(2e²/h))": ("log10_g0", None),
    "log10(G / (2 e^2 / h))": ("log10_g0", None),
    "Log10 conductance": ("log10_g0", None),
    "G/G0": ("g0", 1.0),
    "Conductance (G0)": ("g0", 1.0),
    "G (2e^2/h)": ("g0", 1.0),
    "G (nS)": ("nanosiemens", G0_SIEMENS * 1e9),
    "conductance_uS": ("microsiemens", G0_SIEMENS * 1e6),
    "G [S]": ("siemens", G0_SIEMENS),
    "Current (A)": ("amperes", 0.1 * G0_SIEMENS),
    "I/nA": ("nanoamperes", 0.1 * G0_SIEMENS * 1e9),
    "Current (µA)": ("microamperes", 0.1 * G0_SIEMENS * 1e6),
    "I (pA)": ("picoamperes", 0.1 * G0_SIEMENS * 1e12),
}


@pytest.mark.parametrize(("heading", "means"), CONDUCTANCE_HEADS.items(), ids=CONDUCTANCE_HEADS)
def test_conductance_heads_are_converted_as_set_and_refused_otherwise(tmp_path, heading, means):
    unit, factor = means
    values = G if factor is None else 10**G * factor
    rows = "".join(f"{z:.6f}\t{g:.12e}\n" for z, g in zip(Z, values, strict=True))
    (tmp_path / "a.txt").write_text(f"z (nm)\t{heading}\n{rows}", encoding="utf-8")
    bias = {"bias_v": 0.1} if unit.endswith("amperes") else {}
    (trace,) = only(tmp_path, conductance_unit=unit, **bias)
    assert_is_trace(trace)
    other = "log10_g0" if unit != "log10_g0" else "siemens"
    assert f"names {unit}, but traces.read.conductance_unit is {other}" in reason(
        tmp_path, conductance_unit=other
    )
    if bias:
        assert "traces.read.bias_v" in reason(tmp_path, conductance_unit=unit)


@pytest.mark.parametrize(
    ("headings", "words"),
    [
        ("Time (s)\tlog10(G/G0)", ("Time (s)", "no displacement (time)")),
        ("timeS\tlog10(G/G0)", ("timeS", "no displacement (time)")),
        ("piezoVoltage\tlogG", ("names volts",)),
        ("PiezoV\tlogG", ("names volts",)),
        ("distance_A\tlogG", ("names ang",)),
        ("distanceAng\tlogG", ("names ang",)),
        ("zPm\tlogG", ("names pm",)),
        ("distNm\tcurrentNA", ("names nanoamperes",)),
        ("index\tlog10(G/G0)", ("index",)),
        ("Bias (V)\tlog10(G/G0)", ("Bias (V)", "displacement_column")),
        ("Voltage\tlog10(G/G0)", ("Voltage",)),
        ("Piezo (mV)\tlog10(G/G0)", ("millivolts",)),
        ("z (a.u.)\tlog10(G/G0)", ("a.u.",)),
        ("z/step\tlog10(G/G0)", ("step",)),
        ("I (A)\tlog10(G/G0)", ("names a conductance",)),
        ("log10(G/G0)\tz (nm)", ("names a conductance", "conductance_column")),
        ("Conductance\tDistance", ("names a conductance",)),
        ("G\tz", ("names a conductance",)),
        ("z (nm)\tx (nm)", ("names no conductance",)),
        ("z (nm)\tR (Ohm)", ("ohms",)),
        ("z (nm)\tln(G/G0)", ("natural logarithm",)),
        ("z (nm)\tlog10(G/nS)", ("logarithm of something other",)),
        ("z (nm)\tlog10(I/A)", ("logarithm of something other",)),
        ("z (nm)\tlog10(R)", ("logarithm of something other",)),
        ("z (nm)\tlog10(G/(e2/h))", ("logarithm of something other",)),
        ("z (nm)\tlog10(G / e^2/h)", ("logarithm of something other",)),
        ("z (nm)\tlog(e²/h)", ("logarithm of something other",)),
        ("z (nm)\tlog10(G·h/e²)", ("logarithm of something other",)),
        ("z (nm)\tG (mS)", ("milliseconds or millisiemens, in which conductance cannot be read",)),
        ("z (nm)\tBias (V)", ("Bias (V)",)),
    ],
)
def test_heads_of_other_quantities_are_refused_by_name(tmp_path, headings, words):
    (tmp_path / "a.txt").write_text(text(TWO, head=headings + "\n"))
    said = reason(tmp_path)
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    "heading",
    [
        "Piezo voltage (V) log(G/G0)\n",
        "# Piezo voltage (V)   log(G/G0)\n",
        "Piezo voltage (V), log(G/G0)\n",
        "Piezo voltage\tConductance\nV\tlog(G/G0)\n",
        "Piezo voltage (V)\tlog(G/G0)\tcomment\n",
        "# piezo [V] against conductance, one junction\n",
    ],
)
def test_heads_are_found_however_they_are_separated(tmp_path, heading):
    (tmp_path / "a.txt").write_text(text(TWO, head=heading))
    assert "names volts" in reason(tmp_path)


@pytest.mark.parametrize(
    ("names", "unit"),
    [
        (("piezoVoltage", "logG"), "volts"),
        (("distance_A", "log10G"), "ang"),
        (("zNm", "G_nS"), "nanosiemens"),
    ],
)
def test_names_of_matlab_hold_the_unit_in_their_words(tmp_path, names, unit):
    """A variable of MATLAB has no blanks or brackets in its name."""
    savemat(tmp_path / "a.mat", dict(zip(names, TWO.T, strict=True)))
    assert f"names {unit}" in reason(tmp_path)


@pytest.mark.parametrize(("heading", "notes"), [("log10(G)", 1), ("log10(G/G0)", 0), ("lg(G/(2·e^2/h))", 0)])
def test_a_logarithm_without_its_reference_states_what_is_assumed(tmp_path, heading, notes):
    (tmp_path / "a.txt").write_text(text(TWO, head=f"z (nm)\t{heading}\n"), encoding="utf-8")
    source = open_traces(tmp_path)
    assert len(list(source)) == 1
    assert [("names no reference" in note) for note in source.notes] == [True] * notes


def test_a_file_without_heads_states_what_is_assumed(tmp_path):
    (tmp_path / "a.txt").write_text(text(TWO))
    (tmp_path / "b.txt").write_text(text(TWO, head="z (nm)\tlog10(G/G0)\n"))
    source = open_traces(tmp_path)
    assert len(list(source)) == 2
    assert sorted(source.notes.values()) == [1, 1]
    assert any(note.startswith("displacement in nm") for note in source.notes)
    assert any(note.startswith("conductance in log10_g0") for note in source.notes)


@pytest.mark.parametrize(
    "heading",
    [
        "Sample\tMAPbBr3\n",
        "# raw trace\n",
        "Sample: MAPbBr3\n",
        "Bias (V): 0.1\n",
        "Bias/V\t0.1\nz\tlog G\n",
        "Operator, time\n",
        "Länge, µm Schritt\n",
        "% log(G/G0)\n",
    ],
)
def test_notes_above_the_numbers_are_no_heads(tmp_path, heading):
    (tmp_path / "a.txt").write_text(text(TWO, head=heading), encoding="utf-8")
    (trace,) = only(tmp_path)
    assert_is_trace(trace)


def test_traces_side_by_side_are_refused(tmp_path):
    (tmp_path / "a.txt").write_text(
        text(np.hstack([TWO, TWO]), head="z (nm)\tlog10(G/G0)\tz (nm)\tlog10(G/G0)\n")
    )
    assert "side by side" in reason(tmp_path)


def test_volts_need_a_calibration_and_it_may_be_negative(tmp_path):
    with pytest.raises(ValueError, match="nm_per_volt"):
        ReadSettings(displacement_unit="volts")
    with pytest.raises(ValueError, match="no calibration"):
        ReadSettings(displacement_unit="volts", nm_per_volt=0)
    (tmp_path / "a.txt").write_text(text(np.column_stack([-20 * Z, G])))
    (trace,) = only(tmp_path, displacement_unit="volts", nm_per_volt=-0.05)
    assert_is_trace(trace)


def test_a_displacement_that_falls_while_the_junction_opens_is_reversed_if_told(tmp_path):
    (tmp_path / "a.txt").write_text(text(np.column_stack([-10 * Z, G])))
    assert "or reverse_displacement to true" in reason(tmp_path, displacement_unit="ang")
    (trace,) = only(tmp_path, displacement_unit="ang", reverse_displacement=True)
    assert_is_trace(trace)
    (tmp_path / "a.txt").write_text(text(np.column_stack([10 * Z, G])))
    assert "or reverse_displacement to false" in reason(
        tmp_path, displacement_unit="ang", reverse_displacement=True
    )


def test_a_wrong_calibration_is_named(tmp_path):
    (tmp_path / "a.txt").write_text(text(TWO))
    assert "displacement_unit (volts), nm_per_volt (1000) and" in reason(
        tmp_path, displacement_unit="volts", nm_per_volt=1000
    )
    (tmp_path / "a.txt").write_text(text(np.column_stack([Z, 10.0**G])))
    given = {"conductance_unit": "volts", "bias_v": 0.1, "gain_v_per_a": 1.0}
    assert "conductance_unit (volts), bias_v (0.1), gain_v_per_a (1) and" in reason(tmp_path, **given)


def test_the_bias_of_a_set_turns_its_currents_into_conductances():
    section = TracesSection.model_validate(
        {"sets": [{"name": "s", "path": "p", "bias_v": 0.2, "read": {"conductance_unit": "amperes"}}]}
    )
    assert section.settings_of("s").read.bias_v == 0.2


# Columns


def test_exchanged_columns_without_heads_are_recognised(tmp_path):
    (tmp_path / "a.txt").write_text(text(TWO[:, ::-1]))
    assert "look exchanged" in reason(tmp_path)
    (trace,) = only(tmp_path, displacement_column=1, conductance_column=0)
    assert_is_trace(trace)


@pytest.mark.parametrize("unit", ["g0", "siemens"])
def test_exchanged_columns_of_linear_conductance_are_recognised(tmp_path, unit):
    g = 10**G * (1.0 if unit == "g0" else G0_SIEMENS)
    rows = "".join(f"{a:.9e}\t{b:.6f}\n" for a, b in zip(g, Z, strict=True))
    (tmp_path / "a.txt").write_text(rows)
    assert "look exchanged" in reason(tmp_path, conductance_unit=unit)


def test_a_displacement_is_no_conductance_in_any_unit(tmp_path):
    (tmp_path / "a.txt").write_text(text(np.column_stack([np.arange(N) * 2e-3, Z + 0.1, G])))
    for unit in ("log10_g0", "g0"):
        assert "look exchanged" in reason(tmp_path, conductance_unit=unit)


def test_columns_that_are_not_read_are_stated(tmp_path):
    (tmp_path / "a.txt").write_text(text(np.column_stack([Z, G, G]), head="z (nm)\tlog G\tlog(G/G0) 2\n"))
    source = open_traces(tmp_path)
    assert len(list(source)) == 1
    assert "columns 0 and 1 of 3, the first being 0; others not read" in source.notes


def test_exchanged_columns_of_a_closing_trace_are_recognised(tmp_path):
    rising = np.sort(G) + np.linspace(0, 1e-3, N)
    (tmp_path / "a.txt").write_text(text(np.column_stack([rising, Z - 3.0])))
    assert "look exchanged" in reason(tmp_path)


@pytest.mark.parametrize(
    ("z", "word"),
    [
        (Z[::-1], "goes back"),
        (Z + np.sin(4 * Z), "goes back"),
        (np.repeat(np.arange(5.0), N // 5), "whole numbers that repeat"),
        (Z * 1e-9, "spans"),
        (Z * 1e3, "spans"),
    ],
    ids=["falling", "to and fro", "trace number", "metres", "picometres"],
)
def test_a_displacement_that_none_can_be_is_refused(tmp_path, z, word):
    (tmp_path / "a.txt").write_text("".join(f"{a:.12e}\t{g:.6f}\n" for a, g in zip(z, G, strict=True)))
    assert word in reason(tmp_path)


def test_a_noisy_displacement_is_no_other_trace(tmp_path):
    noisy = Z + np.random.default_rng(0).normal(0, 0.03, N)
    (tmp_path / "a.txt").write_text(text(np.column_stack([noisy, G])))
    (trace,) = only(tmp_path)
    assert_is_trace(trace, noisy)


@pytest.mark.parametrize("wrong", [0.0, -3.0, 40.0])
def test_one_wrong_number_makes_no_second_trace(tmp_path, wrong):
    glitch = Z.copy()
    glitch[150] = wrong
    (tmp_path / "a.txt").write_text(text(np.column_stack([glitch, G])))
    assert "goes back" in reason(tmp_path)


def test_minus_infinity_is_the_floor_and_other_missing_numbers_are_left_out(tmp_path):
    rows = text(TWO).splitlines()
    rows[-1] = rows[-1].split("\t")[0] + "\t-inf"
    rows[5] = "nan\t-1"
    rows[6] = "inf\t-1"
    (tmp_path / "a.txt").write_text("\n".join(rows))
    (trace,) = only(tmp_path)
    kept = np.delete(np.arange(N), [5, 6])
    g = G.copy()
    g[-1] = np.delete(G[:-1], [5, 6]).min()
    assert_is_trace(trace, Z[kept], g[kept])


# Several traces in one file


def stacked(parts, between=""):
    return between.join(text(part) for part in parts)


PARTS = [TWO, np.column_stack([Z[:150] + 0.3, G[:150]]), np.column_stack([Z[:60] * 0.5, G[:60]]), TWO]


@pytest.mark.parametrize(
    "between", ["", "\n", "\n\n", "NaN\tNaN\n"], ids=["restart", "blank line", "two blank lines", "NaN"]
)
def test_stacked_traces_are_divided(tmp_path, between):
    (tmp_path / "all.txt").write_text(stacked(PARTS, between))
    for path in (tmp_path, tmp_path / "all.txt"):
        source = open_traces(path)
        traces = list(source)
        assert source.bad == []
        assert [trace.name for trace in traces] == [f"all.txt[{n}]" for n in range(4)]
        for trace, part in zip(traces, PARTS, strict=True):
            assert_is_trace(trace, *part.T)
        assert source.notes["one of several traces in a recording, divided where they start again"] == 4


def test_blank_lines_divide_traces_whose_displacement_goes_on(tmp_path):
    parts = [TWO, np.column_stack([Z + 4.02, G])]
    (tmp_path / "a.txt").write_text(stacked(parts, "\n"))
    first, second = only(tmp_path)
    assert_is_trace(first)
    assert_is_trace(second, Z + 4.02)


def test_a_gap_within_a_trace_does_not_divide_it(tmp_path):
    (tmp_path / "a.txt").write_text(text(TWO[:90]) + "\n" + text(TWO[90:]) + "\n\n")
    (trace,) = only(tmp_path)
    assert_is_trace(trace)


def test_a_trace_column_divides_traces(tmp_path):
    numbered = [np.column_stack([np.full(len(part), 7 + n), part]) for n, part in enumerate(PARTS)]
    head = "trace\tz (nm)\tlog10(G/G0)\n"
    (tmp_path / "all.txt").write_text(head + stacked(numbered))
    assert "names no displacement" in reason(tmp_path)
    traces = only(tmp_path, displacement_column=1, conductance_column=2, trace_column=0)
    assert [trace.name for trace in traces] == [f"all.txt[{n}]" for n in (7, 8, 9, 10)]
    for trace, part in zip(traces, PARTS, strict=True):
        assert_is_trace(trace, *part.T)
    assert len(only(tmp_path, displacement_column=1, conductance_column=2)) == 4


def test_a_trace_among_several_that_is_none_is_left_out_alone(tmp_path):
    closing = np.column_stack([Z[::-1], G[::-1]])
    linear = np.column_stack([Z, np.full(N, 0.5)])
    (tmp_path / "all.txt").write_text(stacked([TWO, linear, TWO]))
    source = open_traces(tmp_path)
    assert [trace.name for trace in source] == ["all.txt[0]", "all.txt[2]"]
    assert [(bad.name, "never negative" in bad.reason) for bad in source.bad] == [("all.txt[1]", True)]
    (tmp_path / "all.txt").write_text(stacked([TWO, closing]))
    source = open_traces(tmp_path)
    assert [trace.name for trace in source] == ["all.txt[0]"]
    assert [(bad.name, "its junction closes from" in bad.reason) for bad in source.bad] == [
        ("all.txt[1]", True)
    ]


# Text of all systems


ENCODED = {
    "CR": text(TWO, end="\r").encode(),
    "CRLF": text(TWO, end="\r\n").encode(),
    "mixed line ends": (text(TWO[:50], end="\r\n") + text(TWO[50:90], end="\r") + text(TWO[90:])).encode(),
    "CR with a head": text(TWO, end="\r", head="z (nm)\tlog10(G/G0)\r").encode(),
    "UTF-16": text(TWO).encode("utf-16"),
    "UTF-16 LE without a mark": text(TWO).encode("utf-16-le"),
    "UTF-16 BE without a mark": text(TWO, end="\r").encode("utf-16-be"),
    "UTF-32": text(TWO).encode("utf-32"),
    "UTF-8 mark": text(TWO).encode("utf-8-sig"),
    "decimal comma": text(TWO).replace(".", ",").encode(),
    "decimal comma and semicolons": text(TWO, sep=";").replace(".", ",").encode(),
    "semicolons": text(TWO, sep=";").encode(),
    "bzip2": bz2.compress(text(TWO).encode()),
    "xz": lzma.compress(text(TWO).encode()),
    "gzip of UTF-16": gzip.compress(text(TWO).encode("utf-16")),
    "control Z at the end": text(TWO).encode() + b"\x1a",
}


@pytest.mark.parametrize("content", ENCODED.values(), ids=ENCODED)
def test_line_ends_encodings_and_compressions(tmp_path, content):
    (tmp_path / "a.txt").write_bytes(content)
    (trace,) = only(tmp_path)
    assert_is_trace(trace)


IGOR_HEAD = "IGOR\nX // written by hand\nWAVES/D/N=(200)\tdistance_nm\tlogG\nBEGIN\n"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"], ids=["LF", "CR", "CRLF"])
def test_igor_text(tmp_path, end):
    block = text(TWO, sep="\t")
    (tmp_path / "a.itx").write_bytes((IGOR_HEAD + block + "END\n").replace("\n", end).encode())
    (trace,) = only(tmp_path)
    assert_is_trace(trace)
    (tmp_path / "a.itx").write_bytes(((IGOR_HEAD + block + "END\n") * 2).replace("\n", end).encode())
    assert [trace.name for trace in only(tmp_path / "a.itx")] == ["a.itx[0]", "a.itx[1]"]


def test_igor_text_with_a_scaled_wave(tmp_path):
    values = "".join(f"\t{g:.6f}\n" for g in G)
    scale = f'X SetScale/P x 0,{Z[1] * 1e-9:.12e},"m", logG; SetScale d 0,0,"", logG\n'
    (tmp_path / "a.itx").write_text("IGOR\nWAVES/D\tlogG\nBEGIN\n" + values + "END\n" + scale)
    (trace,) = only(tmp_path, displacement_unit="m")
    assert_is_trace(trace)
    assert "names m, but" in reason(tmp_path)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("IGOR\n", "without a block"),
        ("IGOR\nWAVES/D/N=(2,3)\tm\nBEGIN\n1 2 3\n4 5 6\nEND\n", "several dimensions"),
        ("IGOR\nWAVES\tz, logG\nBEGIN\n1 2\n", "cut short"),
        ("IGOR\nWAVES\tz, logG\nBEGIN\n1 2 3\nEND\n", "line 4 has 3 columns"),
        ("IGOR\nWAVES\tz, logG\nBEGIN\n1 x\nEND\n", "not numbers"),
        ("IGOR\nWAVES\tlogG\nBEGIN\n1\n-2\nEND\n", "no x scaling"),
        ('IGOR\nWAVES\tz, logG\nBEGIN\n1 1\n2 -2\nEND\nX SetScale d 0,0,"V", z\n', "names volts"),
    ],
)
def test_igor_text_that_is_no_trace(tmp_path, content, word):
    (tmp_path / "a.itx").write_text(content)
    assert word in reason(tmp_path)


def zipped(tmp_path):
    path = tmp_path.parent / f"{tmp_path.name}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", text(TWO))
    return path.read_bytes()


def test_no_file_ends_a_run(tmp_path):
    junk = {
        "binary.txt": (np.random.default_rng(1).bytes(5000), ""),
        "zeros.txt": (b"\0" * 5000, "binary"),
        "empty.txt": (b"", "empty"),
        "blank.txt": (b" \r\n\r", "empty"),
        "returns.txt": (b"\r\r\r\r", "empty"),
        "one-line.txt": (b"0.1\t-1\n", "1 points"),
        "one-word.txt": (b"x", "not 2 or more numbers"),
        "nan.txt": (b"nan\tnan\n" * 50, "0 points"),
        "inf.txt": (b"inf\tinf\n" * 50, "0 points"),
        "one-long-line.txt": (b"1 " * 90_000, ""),
        "archive.txt": (zipped(tmp_path), "zip archive"),
        "zstd.txt": (b"\x28\xb5\x2f\xfd junk", "zstd"),
        "damaged.txt.bz2": (bz2.compress(text(TWO).encode())[:-20], "bzip2"),
        "damaged.txt.xz": (lzma.compress(text(TWO).encode())[:-20], "xz"),
        "damaged.npz": (b"no such thing", "as NumPy archive"),
        "damaged.h5": (b"no such thing", "as HDF5 or netCDF"),
        "old.mat": (b"MATLAB 5.0 MAT-file, made by hand", "as MATLAB"),
        "damaged.tdms": (b"no such thing", "not a TDMS file"),
        "damaged.ibw": (b"no such thing", "as Igor binary wave"),
        "short.tdms": (b"TDSm no more", ""),
        "damaged.parquet": (b"no such thing", "as Parquet"),
        "page.txt": (b"<html><body>404</body></html>", "not 2 or more numbers"),
        "²1.txt": (b"", "empty"),
    }
    for name, (content, _) in junk.items():
        (tmp_path / name).write_bytes(content)
    os.symlink(tmp_path / "nowhere", tmp_path / "link.txt")
    (tmp_path / "good.txt").write_text(text(TWO))
    np.savez(tmp_path / "good.npz", displacement_nm=Z, log10_g=np.tile(G, (2, 1)))
    source = open_traces(tmp_path)
    assert sorted(trace.name for trace in source) == ["good.npz[0]", "good.npz[1]", "good.txt"]
    reasons = {bad.name: bad.reason for bad in source.bad}
    assert reasons.keys() == {*junk, "link.txt"}
    for name, (_, word) in junk.items():
        assert word in reasons[name], f"{name}: {reasons[name]}"
    assert "cannot be read" in reasons["link.txt"]


@pytest.mark.parametrize("seed", range(5))
def test_a_truncated_array_file_is_an_error_with_its_name(tmp_path, seed):
    g = np.tile(G, (3000, 1)) + np.random.default_rng(seed).normal(0, 0.01, (3000, N))
    np.savez_compressed(tmp_path / "t.npz", displacement_nm=Z, log10_g=g)
    content = bytearray((tmp_path / "t.npz").read_bytes())
    middle = len(content) // (seed + 2)
    content[middle : middle + 400] = bytes(400)
    (tmp_path / "t.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"t\.npz: it cannot be read as NumPy archive .* is damaged"):
        list(open_traces(tmp_path / "t.npz"))


# Arrays go through the same guards


def arrays(path, z, g):
    if path.suffix == ".npz":
        np.savez(path, displacement_nm=z, log10_g=g)
    elif path.suffix == ".parquet":
        pd.DataFrame({"displacement_nm": list(z), "log10_g": list(g)}).to_parquet(path)
    else:
        with netCDF4.Dataset(path, "w") as data:
            data.createDimension("trace", len(z))
            data.createDimension("point", len(z[0]))
            for name, values in (("displacement_nm", z), ("log10_g", g)):
                data.createVariable(name, "f8", ("trace", "point"))[:] = values


@pytest.mark.parametrize("suffix", [".npz", ".nc", ".parquet"])
def test_rows_of_arrays_go_through_the_same_guards(tmp_path, suffix):
    half = N // 2
    twice = np.concatenate([Z[:half], Z[:half]]), np.concatenate([G[:half], G[:half]])
    z = np.stack([Z, G, Z[::-1], twice[0], Z * 1e3])
    g = np.stack([G, Z - 1, G, twice[1], G])
    arrays(tmp_path / f"t{suffix}", z, g)
    source = open_traces(tmp_path / f"t{suffix}")
    names = [trace.name for trace in source]
    assert names == [f"t{suffix}[0]", f"t{suffix}[3][0]", f"t{suffix}[3][1]"]
    assert [bad.name for bad in source.bad] == [f"t{suffix}[{n}]" for n in (1, 2, 4)]
    for bad, word in zip(source.bad, ("exchanged", "goes back", "spans"), strict=True):
        assert word in bad.reason


def test_a_unit_attribute_that_contradicts_the_name_is_refused(tmp_path):
    arrays(tmp_path / "t.nc", np.stack([Z]), np.stack([G]))
    with netCDF4.Dataset(tmp_path / "t.nc", "a") as data:
        data["displacement_nm"].units = "angstrom"
        data["log10_g"].units = "1"
    with pytest.raises(InputError, match=r"t\.nc: .*'angstrom' names ang"):
        open_traces(tmp_path / "t.nc")


def test_arrays_of_volts_and_currents(tmp_path):
    np.savez(
        tmp_path / "t.npz", displacement_volts=Z / 0.05, current_nanoamperes=[10**G * G0_SIEMENS * 0.1 * 1e9]
    )
    (trace,) = only(tmp_path / "t.npz", nm_per_volt=0.05, bias_v=0.1)
    assert_is_trace(trace)
    source = open_traces(tmp_path / "t.npz")
    assert list(source) == []
    assert "nm_per_volt" in source.bad[0].reason


# What is left out is counted and said


def test_all_left_out_is_an_error_with_the_counted_reasons(tmp_path):
    folder = tmp_path / "traces"
    folder.mkdir()
    for number in range(3):
        (folder / f"v{number}.txt").write_text(text(TWO, head="Piezo voltage (V)\tlog(G/G0)\n"))
    (folder / "x.txt").write_text("")
    with pytest.raises(InputError) as error:
        select_traces(folder, TracesSettings(), tmp_path / "jumps.csv")
    said = str(error.value)
    assert said.startswith(f"{folder}: none of 4 traces can be read. 3 of them: the column heading")
    assert "1 of them: it is empty (x.txt)" in said
    assert not (tmp_path / "jumps.csv").exists()


def test_a_source_without_any_trace_is_an_error(tmp_path):
    np.savez(tmp_path / "t.npz", displacement_nm=Z, log10_g=np.empty((0, N)))
    with pytest.raises(InputError, match="holds no trace"):
        select_traces(tmp_path / "t.npz", TracesSettings(), tmp_path / "jumps.csv")


def test_the_summary_says_what_was_left_out_unused_and_assumed(tmp_path, caplog):
    folder = tmp_path / "traces"
    folder.mkdir()
    (folder / "high.txt").write_text(text(TWO[:100]))
    (folder / "short.txt").write_text(text(np.column_stack([Z, G])))
    (folder / "low.txt").write_text(text(TWO[60:]))
    for number in range(12):
        (folder / f"v{number}.txt").write_text(text(TWO, head="Piezo voltage (V)\tlog(G/G0)\n"))
    select_traces(folder, TracesSettings(), tmp_path / "jumps.csv", summary=tmp_path / "summary.json")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["traces"], summary["complete"], summary["selectable"]) == (3, 1, 0)
    (counted,) = summary["left_out"]
    assert (counted["count"], counted["example"]) == (12, "v0.txt")
    assert {entry["reason"]: entry["count"] for entry in summary["unused"]} == {
        "never falls below log10(G/G0) = -7": 1,
        "never rises above log10(G/G0) = 0.8": 1,
        "has fewer than 5000 points in its window, too few for the jump rule": 1,
    }
    assert {entry["count"] for entry in summary["assumptions"]} == {3}
    assert "left out 12, such as v0.txt" in caplog.text


def test_whether_a_path_holds_traces_is_known_without_reading(tmp_path):
    with pytest.raises(InputError, match="no such folder or file"):
        trace_files(tmp_path / "nowhere")
    with pytest.raises(InputError, match="pattern"):
        trace_files(tmp_path)
    with pytest.raises(InputError, match="pattern"):
        trace_files(tmp_path, ReadSettings(pattern="/etc/*"))
    (tmp_path / "a2.txt").write_bytes(b"")
    (tmp_path / "a10.txt").write_bytes(b"")
    assert [file.name for file in trace_files(tmp_path)] == ["a2.txt", "a10.txt"]
    assert trace_files(tmp_path / "a2.txt") == [tmp_path / "a2.txt"]
    (tmp_path / "a.xlsx").write_bytes(b"")
    with pytest.raises(InputError, match="not one of"):
        trace_files(tmp_path / "a.xlsx")
