from pathlib import Path

import numpy as np
import pytest

from qdjunction.core.errors import InputError
from qdjunction.transport import (
    LEADS,
    Bulk,
    Device,
    WideBandLead,
    Wire,
    parse_energies,
    parse_kpoints,
    parse_leads,
)


def test_ranges_hold_both_ends_and_an_exact_zero():
    energies = parse_energies("-2:2:0.01")
    assert len(energies) == 401
    assert (energies[0], energies[200], energies[-1]) == (-2.0, 0.0, 2.0)
    assert not np.signbit(energies[200])
    np.testing.assert_array_equal(parse_energies("0.1:0.3:0.1"), [0.1, 0.2, 0.3])
    np.testing.assert_array_equal(parse_energies("1:1:0.5"), [1.0])


def test_lists():
    np.testing.assert_array_equal(parse_energies("-1,0,0.5"), [-1, 0, 0.5])
    np.testing.assert_array_equal(parse_energies("0.25"), [0.25])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read"),
        ("a:b:c", "cannot be read"),
        ("-1:1", "cannot be read"),
        ("1:2:3:4", "cannot be read"),
        ("1:-1:0.1", "empty range"),
        ("-1:1:0", "empty range"),
        ("-1:1:-0.1", "empty range"),
        ("0:inf:1", "empty range"),
        ("nan", "not finite"),
        ("0:1:0.3", "whole number of steps"),
        ("0:1:1e-9", "larger step"),
        ("-2000:2000:1", "2000 eV from E_F is beyond 50 eV"),
        ("0,2000", "2000 eV from E_F is beyond 50 eV"),
    ],
)
def test_bad_energies(text, message):
    with pytest.raises(InputError, match=message):
        parse_energies(text)


def test_leads():
    device = Device(np.eye(3))
    solved, left, right = parse_leads("wide-band:0.4").attach(device, [0], [2])
    assert solved is device
    assert isinstance(left, WideBandLead)
    assert left.coupling_ev == right.coupling_ev == 0.4
    assert parse_leads("wide-band").coupling_ev == 1.0
    for text in ("wide-band", "wire"):
        with pytest.raises(InputError, match="atom 1 belongs to both sides"):
            parse_leads(text).attach(device, [0, 1], [1, 2])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wideband:1",
        "wide-band:x",
        "wide-band:",
        "wide-band:0",
        "wide-band:-1",
        "wide-band:nan",
        "wire:1",
        "bulk",
        "bulk:",
        "cluster:0",
        "wide-band:1000",
        "cluster:many",
    ],
)
def test_bad_leads(text):
    with pytest.raises(InputError, match="leads: "):
        parse_leads(text)


def test_eta_and_cache_belong_to_the_leads_that_have_them():
    assert parse_leads("wire", 1e-5) == Wire(eta_ev=1e-5)
    found = parse_leads("bulk:au.TSHS", 2e-4, Path("cache"))
    assert found == Bulk(electrode="au.TSHS", eta_ev=2e-4).prepared(Path("cache"))
    assert found != Bulk(electrode="au.TSHS", eta_ev=2e-4)
    assert parse_leads("bulk:au.TSHS").eta_ev == 1e-4
    with pytest.raises(InputError, match="cluster leads have none"):
        parse_leads("cluster:1", 1e-4)
    for eta in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(InputError, match=r"eta \(eV\) = .*(greater than 0|finite number)"):
            parse_leads("wire", eta)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wide-band:1.23456789", {"kind": "wide-band", "coupling_ev": 1.23456789}),
        ("cluster:0.001", {"kind": "cluster", "coupling_ev": 0.001}),
        ("wire", {"kind": "wire", "eta_ev": 1e-6}),
        (
            "bulk:au.TSHS",
            {
                "kind": "bulk",
                "electrode": "au.TSHS",
                "electrode_fermi_ev": None,
                "eta_ev": 1e-4,
                "kpoints": [1, 1],
            },
        ),
    ],
)
def test_leads_are_the_settings_of_their_kind(text, expected):
    found = parse_leads(text)
    assert found.model_dump() == expected
    assert LEADS[found.kind].Settings(**expected) == found


def test_a_step_of_seven_digits_keeps_them():
    energies = parse_energies("-1.234567:1.234567:0.1234567")
    np.testing.assert_array_equal(energies[[0, 1, -1]], [-1.234567, -1.1111103, 1.234567])


def test_kpoints():
    assert parse_kpoints("4x3") == (4, 3)
    assert parse_kpoints("2") == (2, 2)
    for text in ("", "0", "4x", "x4", "2x0", "2x2x1", "-1", "1.5"):
        with pytest.raises(InputError, match="k points: "):
            parse_kpoints(text)
