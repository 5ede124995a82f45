"""Every file format, from files that a writer of the format has made: npTDMS, SciPy, netCDF, igorwriter."""

from itertools import islice

import netCDF4
import numpy as np
import pytest
from igorwriter import IgorWave
from nptdms import ChannelObject, GroupObject, RootObject, TdmsWriter
from pydantic import ValidationError
from scipy.io import savemat

from qdjunction.core.errors import InputError
from qdjunction.core.units import G0_SIEMENS
from qdjunction.traces.readers import blocks
from qdjunction.traces.reading import open_traces
from qdjunction.traces.settings import ReadSettings, SimulationSettings
from qdjunction.traces.simulation import simulate
from support.traces import SERIES

TRACES = [
    item.trace for item in islice(simulate(SERIES, SimulationSettings(points=400, length_nm=2.4, seed=3)), 2)
]
D = [trace.displacement_nm for trace in TRACES]
G = [trace.log10_g for trace in TRACES]


def same(path, settings=None, atol=1e-12):
    """Check that a file gives `TRACES`, and return its source."""
    source = open_traces(path, settings)
    found = list(source)
    assert source.bad == []
    assert len(found) == 2
    for trace, d, g in zip(found, D, G, strict=True):
        np.testing.assert_allclose(trace.displacement_nm, d, rtol=0, atol=atol)
        np.testing.assert_allclose(trace.log10_g, g, rtol=0, atol=atol)
    return source


def write_tdms(path, *objects):
    with TdmsWriter(path) as writer:
        writer.write_segment([RootObject({}), *objects])


def channels(number, group, volts=False):
    name, unit, values = ("Piezo", "V", D[number] / 8) if volts else ("Displacement", "nm", D[number])
    d = ChannelObject(group, name, values, {"unit_string": unit})
    time = ChannelObject(group, "Time", np.arange(len(D[number])) * 1e-5, {"unit_string": "s"})
    g = ChannelObject(group, "Conductance", G[number], {"unit_string": "log10(G/G0)"})
    return [GroupObject(group), time, g, d]


def test_tdms_has_a_group_for_each_trace_and_its_channels_are_found_by_name(tmp_path):
    write_tdms(tmp_path / "a.tdms", *channels(0, "trace 1"), *channels(1, "trace 2"))
    source = same(tmp_path / "a.tdms")
    assert [trace.name for trace in source] == ["a.tdms[trace 1]", "a.tdms[trace 2]"]
    assert not source.notes


def test_tdms_of_piezo_volts_takes_the_calibration(tmp_path):
    write_tdms(tmp_path / "a.tdms", *channels(0, "1", volts=True), *channels(1, "2", volts=True))
    same(tmp_path / "a.tdms", ReadSettings(displacement_unit="volts", nm_per_volt=8))
    source = open_traces(tmp_path / "a.tdms", ReadSettings(displacement_unit="ang", displacement_column=2))
    with pytest.raises(InputError, match="'V' names volts"):
        list(source)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_long_channel_is_read_in_slices_that_end_where_a_trace_does(tmp_path, monkeypatch, sign):
    monkeypatch.setattr(blocks, "SLICE_POINTS", 150)
    write_tdms(
        tmp_path / "a.tdms",
        ChannelObject("all", "z (nm)", sign * np.concatenate(D)),
        ChannelObject("all", "log10(G/G0)", np.concatenate(G)),
    )
    same(tmp_path / "a.tdms", ReadSettings(reverse_displacement=sign < 0))


def test_tdms_waveform_has_its_displacement_in_the_scaling(tmp_path):
    parts = []
    for number in range(2):
        scale = {
            "wf_start_offset": D[number][0],
            "wf_increment": D[number][1] - D[number][0],
            "wf_xunit_string": "nm",
        }
        parts.append(ChannelObject(f"t{number}", "log10(G/G0)", G[number], scale))
    write_tdms(tmp_path / "a.tdms", *parts)
    same(tmp_path / "a.tdms", atol=1e-9)


@pytest.mark.parametrize("version", ["4", "5"])
def test_matlab_matrices_have_a_column_each(tmp_path, version):
    values = {f"trace{n}": np.column_stack([D[n], G[n]]) for n in range(2)}
    savemat(tmp_path / "a.mat", values, format=version)
    source = same(tmp_path / "a.mat")
    assert "displacement in nm as set by traces.read; no heading names a unit" in source.notes


def test_matlab_arrays_by_name_are_points_times_traces(tmp_path):
    savemat(tmp_path / "a.mat", {"displacement_nm": np.column_stack(D), "log10_g": np.column_stack(G)})
    same(tmp_path / "a.mat")
    savemat(tmp_path / "b.mat", {"displacement_nm": D[0][:, None], "log10_g": np.column_stack(G)})
    assert len(list(open_traces(tmp_path / "b.mat"))) == 2


def test_matlab_cells_and_structures_are_searched(tmp_path):
    cells = np.empty(2, dtype=object)
    for n in range(2):
        cells[n] = {"time_s": np.arange(len(D[n])) * 1.0, "displacement_nm": D[n], "conductance_log10": G[n]}
    savemat(tmp_path / "a.mat", {"sample": {"data": cells, "operator": "nobody"}})
    source = same(tmp_path / "a.mat", ReadSettings(displacement_column=1, conductance_column=2))
    assert [trace.name for trace in source] == ["a.mat[sample.data{1}]", "a.mat[sample.data{2}]"]


def test_nested_hdf5_is_searched(tmp_path):
    with netCDF4.Dataset(tmp_path / "a.h5", "w") as data:
        for n in range(2):
            group = data.createGroup(f"sample/trace{n}")
            group.createDimension("n", len(D[n]))
            for name, unit, values in (("z", "nm", D[n]), ("g", "log10(G/G0)", G[n])):
                variable = group.createVariable(name, "f8", ("n",))
                variable[:] = values
                variable.units = unit
    source = same(tmp_path / "a.h5")
    assert [trace.name for trace in source] == ["a.h5[sample/trace0]", "a.h5[sample/trace1]"]


def test_hdf5_matrices_may_lie_either_way(tmp_path):
    with netCDF4.Dataset(tmp_path / "a.h5", "w") as data:
        data.createDimension("two", 2)
        for n in range(2):
            data.createDimension(f"n{n}", len(D[n]))
            dims = ("two", f"n{n}") if n else (f"n{n}", "two")
            variable = data.createVariable(f"trace{n}", "f8", dims)
            variable[:] = np.stack([D[n], G[n]], axis=0 if n else 1)
    same(tmp_path / "a.h5")


def test_igor_binary_waves_have_a_scaling_or_columns(tmp_path):
    folder = tmp_path / "waves"
    folder.mkdir()
    scaled = IgorWave(G[0], name="conductance")
    scaled.set_dimscale("x", D[0][0], D[0][1] - D[0][0], "nm")
    scaled.set_datascale("log10(G/G0)")
    scaled.save(str(folder / "trace0.ibw"))
    matrix = IgorWave(np.column_stack([D[1], G[1]]), name="trace1")
    matrix.save(str(folder / "trace1.ibw"))
    same(folder, atol=1e-9)
    (folder / "trace1.ibw").unlink()
    IgorWave(G[0], name="alone").save(str(folder / "trace1.ibw"))
    source = open_traces(folder)
    assert len(list(source)) == 1
    assert "x scaling" in source.bad[0].reason


def test_igor_text_is_that_of_igorwriter(tmp_path):
    path = tmp_path / "a.itx"
    with path.open("w") as file:
        for n in range(2):
            wave = IgorWave(G[n], name=f"trace{n}")
            wave.set_dimscale("x", D[n][0], D[n][1] - D[n][0], "nm")
            wave.save_itx(file)
    text = path.read_text().replace("IGOR\n", "")
    path.write_text("IGOR\n" + text)
    same(path, atol=1e-9)


def test_pull_and_push_in_one_recording_are_divided(tmp_path):
    to_and_fro = np.concatenate([D[0], D[1][::-1]]), np.concatenate([G[0], G[1][::-1]])
    path = tmp_path / "a.tdms"
    columns = zip(("z (nm)", "log10(G/G0)"), to_and_fro, strict=True)
    write_tdms(path, *(ChannelObject("all", name, values) for name, values in columns))
    for direction, number, other in (("pull", 0, "closes"), ("push", 1, "opens")):
        source = open_traces(path, ReadSettings(direction=direction))
        (trace,) = source
        np.testing.assert_allclose(trace.displacement_nm[:398], D[number][:398])
        np.testing.assert_allclose(trace.log10_g[:398], G[number][:398])
        assert [bad.reason.split()[:3] for bad in source.bad] == [["its", "junction", other]]


def test_the_voltage_of_an_amplifier_becomes_a_conductance(tmp_path):
    bias_v, gain = 0.1, -1e8
    for n in range(2):
        volts = 10 ** G[n] * G0_SIEMENS * bias_v * gain
        np.savetxt(
            tmp_path / f"{n}.txt", np.column_stack([D[n], volts]), header="z (nm)\tU (V)", delimiter="\t"
        )
    given = {"conductance_unit": "volts", "bias_v": bias_v}
    same(tmp_path, ReadSettings(gain_v_per_a=gain, **given), atol=1e-8)
    wrong = open_traces(tmp_path, ReadSettings(gain_v_per_a=-gain, **given))
    assert list(wrong) == []
    assert "give bias_v or gain_v_per_a a negative sign" in wrong.bad[0].reason
    same(tmp_path, ReadSettings(gain_v_per_a=-gain, **given | {"bias_v": -bias_v}), atol=1e-8)
    with pytest.raises(ValidationError, match="gain of the amplifier"):
        ReadSettings(**given)
