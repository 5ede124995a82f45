"""Decay and jump over an energy grid, and long against short, on made and on recorded transmissions."""

import numpy as np
import pandas as pd
import pytest

from qdjunction.core.errors import InputError
from qdjunction.interference.comparison import compare
from qdjunction.interference.decay_spectrum import decay_spectrum
from qdjunction.interference.jump import find_jump
from qdjunction.interference.window import EnergyWindow

DISTANCES = np.array([3.9, 9.2, 14.5, 17.5])
NAMES = ("R1", "R2", "R3", "R4")
ENERGIES = np.linspace(-2, 0, 201)


def made_transmissions(step):
    """Beta of 0.5 + 0.1 E per Ang, slightly bent; the last contact `step` decades above the one before."""
    beta = 0.5 + 0.1 * ENERGIES
    log10_t = -1 - np.outer(DISTANCES, beta) / np.log(10)
    log10_t[1] -= 0.01
    log10_t[3] = log10_t[2] + step
    return 10**log10_t


def test_every_energy_has_its_own_beta_and_verdict():
    spectrum = decay_spectrum(ENERGIES, DISTANCES, made_transmissions(0.8), contacts=NAMES)
    expected = 0.5 + 0.1 * ENERGIES
    np.testing.assert_allclose(spectrum.verdict.fit.beta_per_ang, expected, atol=1e-12)
    assert spectrum.verdict.is_jump.all()
    table = spectrum.table()
    assert len(table) == 201
    assert {"energy_eV", "beta_per_ang", "step_decades", "is_jump"} <= set(table.columns)
    low, high = spectrum.verdict.fit.interval_per_ang
    assert (table["beta_low_per_ang"] == low).all()
    assert (low < expected).all()
    assert (high > expected).all()


def test_shares_of_a_verdict_that_holds_over_a_known_part():
    # The step grows from 0 to 1 decade across the grid: it passes 0.4 at E = -1.2 eV.
    spectrum = decay_spectrum(ENERGIES, DISTANCES, made_transmissions((ENERGIES + 2) / 2), window_ev=(-2, 0))
    shares = spectrum.shares()
    assert shares["decays"] == 1
    assert shares["step"] == pytest.approx(0.6, abs=0.005)
    half = decay_spectrum(ENERGIES, DISTANCES, made_transmissions((ENERGIES + 2) / 2), window_ev=(-2, -1))
    assert half.shares()["step"] == pytest.approx(0.2, abs=0.01)
    assert not half.table().loc[half.energies_ev > -0.99, "in_window"].any()
    assert "over 60%" in spectrum.sentence


def test_the_verdict_at_one_energy_is_that_of_a_plain_call():
    t = made_transmissions(0.3 + 0.2 * np.sin(5 * ENERGIES))
    spectrum = decay_spectrum(ENERGIES, DISTANCES, t, contacts=NAMES, confidence=0.8)
    verdict = spectrum.at(-1.004)
    plain = find_jump(DISTANCES, t[:, 100], contacts=NAMES, confidence=0.8)
    assert verdict.sentence == plain.sentence
    row = spectrum.table().iloc[100]
    assert row["energy_eV"] == pytest.approx(-1.0)
    assert row["band_confidence"] == pytest.approx(plain.band_confidence)
    with pytest.raises(InputError, match="outside the grid"):
        spectrum.at(0.5)
    with pytest.raises(ValueError, match="select one energy"):
        _ = spectrum.verdict.sentence


def test_three_contacts_give_missing_bands_not_false_ones():
    spectrum = decay_spectrum(
        ENERGIES, DISTANCES[:3], made_transmissions(0.8)[[0, 1, 3]], window_ev=(-1.5, -0.5)
    )
    table = spectrum.table()
    assert table["band"].isna().all()
    assert np.isnan(spectrum.shares()["band"])
    assert "no prediction band" in spectrum.sentence


def test_bad_shapes_and_windows():
    t = made_transmissions(0.8)
    with pytest.raises(InputError, match=r"need \(4, 201\)"):
        decay_spectrum(ENERGIES, DISTANCES, t[:, :-1])
    with pytest.raises(InputError, match="no energy of the grid"):
        decay_spectrum(ENERGIES, DISTANCES, t, window_ev=(1, 2))
    with pytest.raises(InputError, match="lower end comes first"):
        decay_spectrum(ENERGIES, DISTANCES, t, window_ev=(0, -1))
    with pytest.raises(InputError, match="ascending"):
        decay_spectrum(ENERGIES[::-1], DISTANCES, t)
    t[2, 50] = 0
    with pytest.raises(InputError, match=r"R3 at -1\.5 eV is 0\.0"):
        decay_spectrum(ENERGIES, DISTANCES, t, contacts=NAMES)


def test_shares_do_not_depend_on_an_uneven_grid():
    energies = np.concatenate([np.linspace(0, 0.5, 1001), np.linspace(0.5, 1, 101)[1:]])
    assert EnergyWindow.of(energies, (0, 1)).share(energies < 0.25) == pytest.approx(0.25, abs=0.005)


def test_long_against_short():
    short = np.full(201, 1e-4)
    comparison = compare(ENERGIES, short * 10 ** (1 + ENERGIES), short, window_ev=(-2, 0))
    assert comparison.share_long_above == pytest.approx(0.5, abs=0.005)
    assert comparison.median_log10_ratio == pytest.approx(0, abs=1e-12)
    with pytest.raises(InputError, match=r"short junction at -2 eV is 0\.0"):
        compare(ENERGIES, short, short * 0)
    with pytest.raises(InputError, match="long junction"):
        compare(ENERGIES, short[1:], short)


@pytest.mark.recorded
def test_on_recorded_siesta_the_far_contact_conducts_better(siesta_reference):
    near, far = (pd.read_csv(siesta_reference / "12Pb" / name / f"{name}.T.csv") for name in ("L-R3", "L-R4"))
    comparison = compare(
        near["energy_eV_rel_EF"], far["transmission"], near["transmission"], window_ev=(-2.0, -0.5)
    )
    assert comparison.share_long_above == 1
    assert 1.0 < comparison.median_log10_ratio < 2.0
    at = int(np.argmin(np.abs(near["energy_eV_rel_EF"] + 1.0)))
    assert comparison.log10_ratio[at] == pytest.approx(1.084, abs=0.001)
