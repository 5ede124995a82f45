"""The command ``transmission`` on SIESTA's bulk gold: every kind of lead, every option, every bad value."""

import numpy as np
import pandas as pd
import pytest
import sisl
import xarray

from qdjunction.cli import main
from qdjunction.core.matrix_files import read_matrices
from support.paths import GOLD

TSHS = GOLD / "siesta.TSHS"
GRID = "--energies=-1:1:0.25"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve layers of gold, one atom across, and the electrode of two."""
    here = tmp_path_factory.mktemp("gold")
    gold = read_matrices(TSHS)
    gold.tile(12, 2).write(here / "device.nc")
    gold.tile(2, 2).write(here / "electrode.nc")
    gold.tile(8, 2).write(here / "short.nc")
    return here


def run(folder, *words, regions=("0-1", "10-11")):
    left, right = regions
    places = ("--left-atoms", left, "--right-atoms", right)
    return main(["transmission", str(folder / "device.nc"), *places, *map(str, words)])


def result(path):
    with xarray.open_dataset(path) as dataset:
        return dataset.load()


def test_bulk_leads_with_k_points_and_cache(folder, tmp_path):
    words = (
        *(GRID, "--leads", f"bulk:{folder / 'electrode.nc'}", "--eta", "1e-6", "--kpoints", "2x3"),
        *("--cache", tmp_path / "cache", "--eigenchannels", "3", "--ldos=-0.5,0.5"),
    )
    assert run(folder, *words, "--output", tmp_path / "t.nc") == 0
    found = result(tmp_path / "t.nc")
    # Perfect gold: an integer at every k point.
    np.testing.assert_allclose(found.transmission_k, found.transmission_k.round(), atol=1e-3)
    np.testing.assert_allclose(found.transmission, found.weight @ found.transmission_k, rtol=1e-12)
    assert found.channels.dims == ("kpoint", "energy", "channel")
    assert found.ldos.shape == (2, 12)
    assert np.isnan(found.ldos[:, [0, 1, 10, 11]]).all(), "the electrode stands in for these atoms"
    assert (found.ldos[:, 2:10] > 0).all()
    assert "eta 1e-06 eV" in found.attrs["lead_left"]
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.npz")}
    assert len(files) >= 9 * found.sizes["kpoint"]
    assert run(folder, *words, "--output", tmp_path / "again.nc") == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.npz")} == files
    np.testing.assert_array_equal(result(tmp_path / "again.nc").transmission, found.transmission)


def test_wires_are_the_same_metal_without_a_second_file(folder, tmp_path):
    bulk = (GRID, "--leads", f"bulk:{folder / 'electrode.nc'}", "--eta", "1e-6")
    assert run(folder, *bulk, "--output", tmp_path / "bulk.nc") == 0
    wire = (GRID, "--leads", "wire", "--eta", "1e-6", "--output", tmp_path / "wire.nc")
    assert run(folder, *wire, regions=("0-3", "8-11")) == 0
    np.testing.assert_allclose(
        result(tmp_path / "wire.nc").transmission, result(tmp_path / "bulk.nc").transmission, atol=1e-3
    )


@pytest.mark.parametrize("leads", ["wide-band:0.8", "cluster:0.8"])
def test_solvers_give_the_same(folder, tmp_path, leads):
    values = {}
    for solver in ("auto", "contact-reduction", "direct", "layers"):
        path = tmp_path / f"{solver}.nc"
        assert run(folder, GRID, "--leads", leads, "--solver", solver, "--output", path) == 0
        found = result(path)
        assert solver in ("auto", found.attrs["solver"])
        values[solver] = found.transmission
    for other in values.values():
        np.testing.assert_allclose(other, values["direct"], rtol=1e-9)


def test_cluster_is_the_broadened_metal(folder, tmp_path):
    for leads in ("wide-band:0.8", "cluster:0.8"):
        assert run(folder, GRID, "--leads", leads, "--output", tmp_path / f"{leads[:4]}.nc") == 0
    wide, cluster = (result(tmp_path / f"{name}.nc").transmission for name in ("wide", "clus"))
    np.testing.assert_allclose(cluster, wide, rtol=1e-9)


def test_sisl_opens_the_other_layout(folder, tmp_path):
    words = (GRID, "--leads", f"bulk:{folder / 'electrode.nc'}", "--kpoints", "2", "--eigenchannels", "2")
    assert run(folder, *words, "--output", tmp_path / "t.TBT.nc") == 0
    assert run(folder, *words, "--output", tmp_path / "t.nc") == 0
    plain = result(tmp_path / "t.nc")
    with sisl.get_sile(tmp_path / "t.TBT.nc") as tbt:
        np.testing.assert_allclose(tbt.E, plain.energy, atol=1e-12)
        np.testing.assert_allclose(tbt.transmission(), plain.transmission, rtol=1e-12)
        np.testing.assert_allclose(tbt.transmission(kavg=1), plain.transmission_k[1], rtol=1e-12)
        np.testing.assert_allclose(tbt.transmission_eig(kavg=0), plain.channels[0], rtol=1e-12)
        assert tbt.read_geometry().na == 12


def test_table_of_the_linear_response(folder, tmp_path):
    words = ("--energies=-1:1:0.02", "--linear-response", tmp_path / "g.csv", "--temperature", "200")
    assert run(folder, *words, "--output", tmp_path / "t.nc") == 0
    table = pd.read_csv(tmp_path / "g.csv")
    assert table["fermi_eV"].is_monotonic_increasing
    assert (table["conductance_G0"] > 0).all()
    # The slope adds up to what log10 G changes by.
    rise = np.trapezoid(table["log10_conductance_slope_per_eV"], table["fermi_eV"])
    ends = np.log10(table["conductance_G0"].iloc[[0, -1]].to_numpy())
    assert rise == pytest.approx(ends[1] - ends[0], abs=0.02)


BAD = {
    "suffix": (["--output", "x.csv"], "let the name end in .nc"),
    "table": (["--linear-response", "x.txt", "--output", "x.nc"], "let its name end in .csv"),
    "ldos in TBT": (["--ldos", "0", "--output", "x.TBT.nc"], "plain .nc file"),
    "ldos": (["--ldos", "here", "--output", "x.nc"], "--ldos: 'here' cannot be read"),
    "eta of wide-band": (["--eta", "1e-4", "--output", "x.nc"], "wide-band leads have none"),
    "eta": (
        ["--leads", "wire", "--eta", "0", "--output", "x.nc"],
        "eta (eV) = 0.0: input should be greater than 0",
    ),
    "k points": (["--kpoints", "2x", "--output", "x.nc"], "--kpoints: '2x' cannot be read"),
    "no k points": (["--kpoints", "0", "--output", "x.nc"], "--kpoints: '0' cannot be read"),
    "solver": (["--solver", "magic", "--output", "x.nc"], "--solver: 'magic' is unknown"),
    "channels": (["--eigenchannels=-1", "--output", "x.nc"], "--eigenchannels: -1"),
    "no electrode": (["--leads", "bulk:none.TSHS", "--output", "x.nc"], "none.TSHS: there is no such file"),
    "no name": (["--leads", "bulk:", "--output", "x.nc"], "leads: 'bulk:' cannot be read"),
    "another electrode": (["--leads", "bulk:{short}", "--output", "x.nc"], "name exactly the atoms"),
    "no two cells": (["--leads", "wire", "--output", "x.nc"], "take longer cells"),
    "coupling": (
        ["--leads", "cluster:-1", "--output", "x.nc"],
        "the coupling (eV) = -1.0: input should be greater",
    ),
    "temperature": (
        ["--linear-response", "x.csv", "--temperature", "-3", "--output", "x.nc"],
        "--temperature (K) = -3.0: input should be greater than 0",
    ),
    "hot": (
        ["--linear-response", "x.csv", "--temperature", "30000", "--output", "x.nc"],
        "--temperature (K) = 30000.0: input should be less than or equal to 1337",
    ),
    "strong": (["--leads", "wide-band:1000", "--output", "x.nc"], "(eV) = 1000.0: input should be less than"),
    "far": (["--energies=-2000:2000:1", "--output", "x.nc"], "2000 eV from E_F is beyond 50 eV"),
    "coarse energies": (
        ["--energies=-1:1:0.25", "--linear-response", "x.csv", "--output", "x.nc"],
        "use a step of at most",
    ),
    "narrow window": (
        ["--energies=0:0.1:0.01", "--linear-response", "x.csv", "--output", "x.nc"],
        "widen the energies",
    ),
}


@pytest.mark.parametrize(("words", "message"), BAD.values(), ids=BAD)
def test_bad_values_are_one_sentence(folder, tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    assert run(folder, *(word.format(short=folder / "short.nc") for word in words)) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert not list(tmp_path.glob("x.*"))


def test_k_points_need_images(folder, tmp_path, capsys):
    with sisl.get_sile(folder / "device.nc") as sile:
        alone = sile.read_hamiltonian()
    alone.set_nsc([1, 1, 1])
    alone.write(tmp_path / "alone.nc")
    words = ["--left-atoms", "0", "--right-atoms", "11", "--kpoints", "2", "--output", str(tmp_path / "x.nc")]
    assert main(["transmission", str(tmp_path / "alone.nc"), *words]) == 2
    assert "couplings to images along it" in capsys.readouterr().err
