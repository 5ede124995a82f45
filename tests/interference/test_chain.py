"""The diatomic chain against closed forms, and what it does and does not show."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdjunction.core.errors import InputError
from qdjunction.interference.chain import DiatomicChain
from qdjunction.interference.decay import fit_decay

energies = st.floats(-3, 3)
couplings = st.floats(0.05, 3)


@given(e=energies, onsite=st.floats(-2, 2), hopping=st.floats(0.1, 2), gamma=couplings)
def test_two_sites(e, onsite, hopping, gamma):
    chain = DiatomicChain(2, onsite, hopping, gamma)
    denominator = (e - onsite + 0.5j * gamma) * (e + onsite + 0.5j * gamma) - hopping**2
    assert chain.transmissions([e])[0, 0] == pytest.approx((gamma * hopping / abs(denominator)) ** 2)


@given(e=energies, onsite=st.floats(0.1, 2), gamma=couplings, site=st.integers(2, 8))
def test_stub_closed_form(e, onsite, gamma, site):
    chain = DiatomicChain(8, onsite, -1.0, gamma)
    matrix = (e * np.eye(8) - chain.hamiltonian()).astype(complex)
    stub = np.linalg.det(matrix[site:, site:]) if site < 8 else 1.0
    matrix[0, 0] += 0.5j * gamma
    matrix[site - 1, site - 1] += 0.5j * gamma
    green = (-1.0) ** (site - 1) * stub / np.linalg.det(matrix)
    assert chain.transmissions([e])[site - 2, 0] == pytest.approx(
        (gamma * abs(green)) ** 2, rel=1e-8, abs=1e-14
    )


@given(
    e=energies, onsite=st.floats(0, 2), hopping=st.floats(0.1, 2), gamma=couplings, sites=st.integers(2, 9)
)
def test_no_channel_gives_more_than_one_and_signs_do_not_matter(e, onsite, hopping, gamma, sites):
    t = DiatomicChain(sites, onsite, hopping, gamma).transmissions([e])
    assert (t <= 1 + 1e-9).all()
    np.testing.assert_allclose(t, DiatomicChain(sites, onsite, -hopping, gamma).transmissions([e]))
    np.testing.assert_allclose(t, DiatomicChain(sites, -onsite, hopping, gamma).transmissions([-e]))


def test_a_long_chain_decays_as_its_complex_band_structure_says():
    # Within the gap 2 cosh(2 kappa) - 2 = (onsite^2 - E^2) / hopping^2 for the two sites of a cell.
    chain = DiatomicChain(60, 1.0, 1.0, 0.3)
    for e in (-0.6, 0.0, 0.4):
        x = (1.0 - e**2) / 1.0
        kappa_per_cell = np.arccosh(1 + x / 2)
        t = chain.transmissions([e])[:, 0]
        even = np.arange(2, 40, 2)
        beta = fit_decay(even * 1.0, t[even - 2]).beta_per_ang
        assert beta * 2 == pytest.approx(2 * kappa_per_cell, rel=0.01)


def test_the_last_site_lies_above_the_trend_over_the_whole_gap_with_the_defaults():
    chain = DiatomicChain()
    spectrum = chain.spectrum(chain.gap_energies())
    shares = spectrum.shares()
    assert shares["above_trend"] == 1
    assert shares["decays"] == 1
    # The full 0.4 decades of the trace selection hold over part of the gap only.
    assert 0.55 < shares["step"] < 0.67


def test_large_site_energies_lose_the_statement_over_part_of_the_gap():
    chain = DiatomicChain(onsite_ev=1.0)
    shares = chain.spectrum(chain.gap_energies()).shares()
    assert 0.7 < shares["above_trend"] < 0.85


@pytest.mark.parametrize("onsite", [0.25, 0.5, 1.0, 2.0])
def test_against_its_own_kind_of_site_the_end_gains_less_than_a_third_of_a_decade(onsite):
    """The end effect apart from the alternation: the last site against the trend of the even sites before."""
    chain = DiatomicChain(onsite_ev=onsite, gamma_ev=0.01)
    t = chain.transmissions(chain.gap_energies(200))[[0, 2, 4, 6]]
    fit = fit_decay([2.0, 4.0, 6.0], t[:3])
    above = np.log10(t[3]) - fit.predict(8.0).log10_g
    assert (above > 0).all()
    assert above.max() < 0.34


def test_the_jump_is_the_end_of_the_chain():
    """Site 8 of a longer chain, no end any more, does not stand out so far."""
    e = DiatomicChain().gap_energies(100)
    end = DiatomicChain().transmissions(e)
    inner = DiatomicChain(sites=20).transmissions(e)[:7]
    step_end = np.log10(end[6] / end[5])
    step_inner = np.log10(inner[6] / inner[5])
    assert (step_end > step_inner).mean() > 0.9


def test_bad_chains():
    with pytest.raises(InputError, match="at least 2"):
        DiatomicChain(sites=1)
    with pytest.raises(InputError, match="hopping"):
        DiatomicChain(hopping_ev=0)
    with pytest.raises(InputError, match="gamma"):
        DiatomicChain(gamma_ev=-1)
    with pytest.raises(InputError, match="at least 4"):
        DiatomicChain(sites=3).spectrum([0.0, 0.1])
