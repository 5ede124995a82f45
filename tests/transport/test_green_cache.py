"""The cache of surface Green's functions: hits, damage, several writers at once."""

import multiprocessing

import numpy as np

from qdjunction.transport.leads.cache import GreenCache
from qdjunction.transport.leads.electrode import Electrode

ENERGIES = np.linspace(-1, 1, 20)


def electrode(folder, eta_ev=1e-3, onsite=0.0):
    H00, H01 = np.array([[[onsite, -1.0], [-1.0, 0.2]]]), np.array([[[-1.0, 0.0], [0.1, -1.0]]])
    S = np.eye(2)[None]
    unfold = np.eye(2, dtype=complex)[None]
    return Electrode(H00, S, H01, 0.05 * S, unfold, eta_ev, (1, 1, 1), 0.0, 0.0, GreenCache(folder))


def test_second_use_computes_nothing(tmp_path, monkeypatch):
    first = electrode(tmp_path).surface(ENERGIES, "left")
    monkeypatch.setattr("qdjunction.transport.leads.electrode.Stack", None)
    np.testing.assert_array_equal(electrode(tmp_path).surface(ENERGIES, "left"), first)
    # Any part of the grid, in any order, and the other side come from the same files.
    np.testing.assert_array_equal(electrode(tmp_path).surface(ENERGIES[[7, 3]], "left"), first[[7, 3]])
    electrode(tmp_path).surface(ENERGIES, "right")


def test_anything_else_is_another_electrode(tmp_path):
    plain = electrode(tmp_path)
    assert plain.content == electrode(tmp_path / "elsewhere").content
    assert plain.content != electrode(tmp_path, eta_ev=1e-4).content
    assert plain.content != electrode(tmp_path, onsite=1e-12).content


def test_energies_that_differ_in_the_last_digits_do_not_share_a_file(tmp_path):
    cache = GreenCache(tmp_path)
    assert cache.path("x", 0.1) != cache.path("x", np.nextafter(0.1, 1))
    assert cache.path("x", 0.0) == cache.path("x", -0.0)


def test_damaged_files_are_computed_anew(tmp_path, caplog):
    exact = electrode(tmp_path).surface(ENERGIES, "left")
    files = sorted(tmp_path.rglob("*.npz"))
    assert len(files) == len(ENERGIES)
    files[0].write_bytes(b"")
    files[1].write_bytes(files[1].read_bytes()[:60])
    flipped = bytearray(files[2].read_bytes())
    flipped[len(flipped) // 2] ^= 0xFF
    files[2].write_bytes(flipped)
    np.testing.assert_array_equal(electrode(tmp_path).surface(ENERGIES, "left"), exact)
    assert caplog.text.count("is damaged") == 3
    caplog.clear()
    electrode(tmp_path).surface(ENERGIES, "left")
    assert not caplog.text


def fill(folder):
    return electrode(folder).surface(ENERGIES, "left")


def test_several_writers_at_once(tmp_path):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        results = pool.map(fill, [tmp_path] * 8)
    assert len(results) == 8
    for result in results:
        np.testing.assert_array_equal(result, results[0])
    assert len(list(tmp_path.rglob("*.npz"))) == len(ENERGIES)
    assert not list(tmp_path.rglob(".*")), "no temporary file is left"
