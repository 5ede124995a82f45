import codecs
import gzip
import importlib.util

import netCDF4
import numpy as np
import pandas as pd
import pytest

from qdjunction.core.errors import InputError
from qdjunction.traces.reading import open_traces
from qdjunction.traces.settings import ReadSettings

Z = np.array([-0.25, 0.0, 0.125, 1.5, 2.0])
G = np.array([0.95, -0.125, -3.5, -6.25, -7.5])


def lines(template: str = "{:.6f}\t{:.6f}", end: str = "\n") -> str:
    return "".join(template.format(z, g) + end for z, g in zip(Z, G, strict=True))


def comma(text: str) -> str:
    return text.replace(".", ",")


SPELLINGS = {
    "tab": lines().encode(),
    "blanks as MATLAB's save writes them": lines("   {:.7e}   {:.7e}").encode(),
    "comma": lines("{:.6f},{:.6f}").encode(),
    "comma and blank": lines("{:.6f}, {:.6f}").encode(),
    "semicolon and decimal comma": comma(lines("{:.6f};{:.6f}")).encode(),
    "tab and decimal comma": comma(lines()).encode(),
    "blank and decimal comma": comma(lines("{:.6f} {:.6f}")).encode(),
    "Fortran exponents": lines("{:.6e} {:.6e}").replace("e", "D").encode(),
    "Windows line ends": lines(end="\r\n").encode(),
    "trailing tab": lines("{:.6f}\t{:.6f}\t").encode(),
    "header": ("Sample MAPbBr3\nBias/V\t0.1\n\ndisplacement (nm)\tlog10(G/G0)\n" + lines()).encode(),
    "comments": ("# 2019-03-09 sample 4\n% log(G/G0)\n" + lines()).encode(),
    "Latin-1 header": "Länge, µm Schritt\n".encode("latin-1") + lines().encode(),
    "UTF-8 mark": codecs.BOM_UTF8 + ("nm\tlog10(G/G0)\n" + lines()).encode(),
    "UTF-16": ("z [nm]\tlog(G/G0)\n" + lines(end="\r\n")).encode("utf-16"),
    "gzip": gzip.compress(lines().encode()),
    "more columns": lines("{:.6f}\t{:.6f}\t0.1\t7").encode(),
    "recording cut short": (lines() + "2.5").encode(),
    "missing numbers": (lines() + "2.5\tNaN\n").encode(),
    "no last line end": lines().rstrip().encode(),
    "blank lines": (lines() + "\n\n").encode(),
}


@pytest.mark.parametrize("content", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_number_formats(tmp_path, content):
    (tmp_path / "trace-1.txt").write_bytes(content)
    source = open_traces(tmp_path)
    (trace,) = list(source)
    assert source.bad == []
    np.testing.assert_array_equal(trace.displacement_nm, Z)
    np.testing.assert_array_equal(trace.log10_g, G)
    assert trace.name == "trace-1.txt"


def test_header_longer_than_the_numbers(tmp_path):
    header = "".join(f"key {n}: value of no interest\n" for n in range(150))
    (tmp_path / "a.txt").write_text(header + lines())
    (trace,) = list(open_traces(tmp_path))
    np.testing.assert_array_equal(trace.log10_g, G)


@pytest.mark.parametrize(
    ("unit", "factor"), [("nm", 1.0), ("ang", 10.0), ("pm", 1e3), ("um", 1e-3), ("m", 1e-9)]
)
def test_displacement_units(tmp_path, unit, factor):
    np.savetxt(tmp_path / "a.txt", np.column_stack([Z * factor, G]))
    (trace,) = list(open_traces(tmp_path, ReadSettings(displacement_unit=unit)))
    np.testing.assert_allclose(trace.displacement_nm, Z, rtol=1e-15)


@pytest.mark.parametrize(
    ("unit", "g0"), [("g0", 1.0), ("siemens", 7.748091729863649e-05), ("nanosiemens", 77480.91729863649)]
)
def test_conductance_units(tmp_path, unit, g0):
    np.savetxt(tmp_path / "a.txt", np.column_stack([Z, 10**G * g0]))
    (trace,) = list(open_traces(tmp_path, ReadSettings(conductance_unit=unit)))
    np.testing.assert_allclose(trace.log10_g, G, rtol=1e-12)


def test_conductance_at_or_below_zero_is_put_on_the_floor(tmp_path):
    g = 10**G
    g[-1] = -1e-9
    np.savetxt(tmp_path / "a.txt", np.column_stack([Z, g]))
    (trace,) = list(open_traces(tmp_path, ReadSettings(conductance_unit="g0")))
    assert trace.log10_g[-1] == pytest.approx(G[-2])


BAD = {
    "empty.txt": (b"", "empty"),
    "prose.txt": (b"to be measured\n", "is not 2 or more numbers"),
    "one-column.txt": (b"1.0\n2.0\n", "is not 2 or more numbers"),
    "broken.txt": ((lines() + "1.0\tabc\n" + lines()).encode(), "line 6: 'abc' is not a number"),
    "mixed.txt": ((lines() + "1.0\t-2,5\n" + lines()).encode(), "another decimal sign"),
    "ambiguous.txt": (b"0,25,-1,5\n0,50,-2,5\n", "decimal signs or separators"),
    "binary.txt": (b"\x00\x01\x02" * 99, "binary"),
    "cut.txt.gz": (gzip.compress(lines().encode())[:-12], "gzip"),
    "linear.txt": (lines("{:.6f} 0.5").encode(), "never negative"),
    "siemens.txt": (b"0.1 -1\n0.2 80000\n", "conductance_unit"),
    "still.txt": (b"0.1 -1\n0.1 -2\n", "displacement spans 0"),
    "metres.txt": (lines("{:.6f} {:.6f}").replace("2.000000", "2e12").encode(), "displacement_unit"),
    "other-unit.txt": (("displacement [ang]\tlog10(G/G0)\n" + lines()).encode(), "names ang,"),
    "other-quantity.txt": (("z (nm)\tG (nS)\n" + lines()).encode(), "names nanosiemens"),
}


def test_bad_files_are_listed_with_the_reason_and_skipped(tmp_path):
    for name, (content, _) in BAD.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "good.txt").write_text(lines())
    (tmp_path / ".hidden.txt").write_text("x")
    source = open_traces(tmp_path)
    assert [trace.name for trace in source] == ["good.txt"]
    assert len(source) == len(BAD) + 1
    reasons = {item.name: item.reason for item in source.bad}
    assert reasons.keys() == BAD.keys()
    for name, (_, word) in BAD.items():
        assert word in reasons[name], f"{name}: {reasons[name]}"
    assert len(list(source)) == 1
    assert len(source.bad) == len(BAD)  # a second pass lists them once


def test_files_come_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 9, 1):
        (tmp_path / f"goodtrace-trace-{number}.txt").write_text(lines())
    names = [trace.name for trace in open_traces(tmp_path, ReadSettings(pattern="goodtrace-*.txt"))]
    assert names == ["goodtrace-trace-1.txt", "goodtrace-trace-9.txt", "goodtrace-trace-10.txt"]


@pytest.fixture
def table():
    z = np.tile(Z, (3, 1)) + np.arange(3)[:, None]
    g = np.tile(G, (3, 1))
    g[2, 3:] = np.nan  # a shorter trace
    return z, g


def assert_table(path, table, count=3):
    source = open_traces(path)
    traces = list(source)
    assert len(source) == len(traces) == count
    for trace, z, g in zip(traces, *table, strict=True):
        np.testing.assert_array_equal(trace.displacement_nm, z[~np.isnan(g)])
        np.testing.assert_array_equal(trace.log10_g, g[~np.isnan(g)])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(tmp_path, table, save):
    save(tmp_path / "t.npz", displacement_nm=table[0], log10_g=table[1], note=np.array("MAPbBr3"))
    assert_table(tmp_path / "t.npz", table)


def test_npz_with_one_displacement_for_all_and_single_precision(tmp_path, table):
    z = np.tile(Z, (3, 1))
    np.savez(
        tmp_path / "t.npz", displacement_ang=(10 * Z).astype(np.float32), log10_g=table[1].astype(np.float32)
    )
    assert_table(tmp_path / "t.npz", (z, table[1].astype(np.float32)))


def test_npz_that_cannot_be_streamed_is_refused(tmp_path, table):
    np.savez(tmp_path / "t.npz", displacement_nm=Z, log10_g=np.asfortranarray(table[1]))
    with pytest.raises(InputError, match="ascontiguousarray"):
        open_traces(tmp_path / "t.npz")


def test_netcdf(tmp_path, table):
    with netCDF4.Dataset(tmp_path / "t.nc", "w") as data:
        data.createDimension("trace", 3)
        data.createDimension("point", len(Z))
        for name, values in zip(("displacement_nm", "log10_g"), table, strict=True):
            data.createVariable(name, "f8", ("trace", "point"))[:] = values
    assert_table(tmp_path / "t.nc", table)


@pytest.mark.skipif(importlib.util.find_spec("h5py") is None, reason="needs h5py to write a plain HDF5 file")
def test_plain_hdf5(tmp_path, table):
    import h5py

    with h5py.File(tmp_path / "t.h5", "w") as data:
        data["displacement_nm"], data["log10_g"] = table
    assert_table(tmp_path / "t.h5", table)


def test_parquet_with_a_row_a_trace(tmp_path, table):
    z, g = table
    frame = pd.DataFrame({"displacement_nm": list(z), "log10_g": list(g)})
    frame.to_parquet(tmp_path / "t.parquet")
    assert_table(tmp_path / "t.parquet", table)


def test_parquet_with_a_row_a_point(tmp_path, table):
    z, g = table
    frame = pd.DataFrame(
        {"trace": np.repeat(["a", "b", "c"], len(Z)), "displacement_nm": z.ravel(), "log10_g": g.ravel()}
    )
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=4)  # traces go on over row groups
    assert_table(tmp_path / "t.parquet", table)
    assert [trace.name for trace in open_traces(tmp_path / "t.parquet")] == [f"t.parquet[{x}]" for x in "abc"]


def test_row_that_is_no_trace_is_listed(tmp_path, table):
    g = table[1].copy()
    g[1] = np.nan
    np.savez(tmp_path / "t.npz", displacement_nm=table[0], log10_g=g)
    source = open_traces(tmp_path / "t.npz")
    assert [trace.name for trace in source] == ["t.npz[0]", "t.npz[2]"]
    assert source.bad[0].name == "t.npz[1]"
    assert "0 points" in source.bad[0].reason


@pytest.mark.parametrize(
    ("arrays", "word"),
    [
        ({"log10_g": np.zeros((2, 3))}, "none of the displacement arrays"),
        (
            {"displacement_nm": Z, "displacement_ang": Z, "log10_g": np.zeros((2, 5))},
            "displacement_nm and displacement_ang",
        ),
        ({"displacement_nm": np.zeros(4), "log10_g": np.zeros((2, 5))}, "shape"),
        ({"displacement_nm": np.array(["a"] * 5), "log10_g": np.zeros((2, 5))}, "real numbers"),
    ],
)
def test_arrays_without_units_or_of_other_shapes_are_refused(tmp_path, arrays, word):
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(InputError, match=word):
        open_traces(tmp_path / "t.npz")


@pytest.mark.parametrize("name", ["t.npz", "t.h5", "t.parquet"])
def test_damaged_files_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"no such thing")
    with pytest.raises(InputError, match="damaged"):
        open_traces(tmp_path / name)


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        open_traces(tmp_path / "nowhere")
    with pytest.raises(InputError, match="pattern"):
        open_traces(tmp_path)
    (tmp_path / "a.xlsx").write_bytes(b"x")
    with pytest.raises(InputError, match="not one of"):
        open_traces(tmp_path / "a.xlsx")
