import numpy as np
import pytest
from qdjunction.errors import InputError
from qdjunction.transport import Device, WideBandLead, parse_energies, parse_leads


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
        ("0:1:0.3", "whole steps"),
        ("0:1:1e-9", "wider step"),
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
    ],
)
def test_bad_leads(text):
    with pytest.raises(InputError, match="leads: "):
        parse_leads(text)
