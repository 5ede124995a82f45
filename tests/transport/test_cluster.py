"""Cluster leads are wide-band leads on the whole metal, folded onto what it touches."""

import numpy as np
import pytest

from qdjunction.core.errors import InputError, TransportError
from qdjunction.transport import Device, WideBandLead, attach_clusters, transmission
from qdjunction.transport.leads.base import broadening
from support.known_systems import metal_dot_metal

LEFT, RIGHT = np.arange(0, 8), np.arange(22, 30)


@pytest.fixture(params=[False, True], ids=["real", "complex"])
def junction(request):
    """Metal, dot, metal; the metals do not see one another."""
    return metal_dot_metal(30, LEFT, RIGHT, 12, complex_h=request.param)


def test_same_transmission_as_the_broadened_metal(junction):
    energies = np.linspace(-3, 3, 31)
    inner, left, right = attach_clusters(junction, LEFT, RIGHT, 0.4)
    assert inner.n_orbitals == 14
    wide = [WideBandLead(junction, orbitals=region, coupling_ev=0.4) for region in (LEFT, RIGHT)]
    expected = transmission(junction, *wide, energies, "direct").transmission
    # Every orbital of this dot touches both tips.
    for solver in ("contact-reduction", "direct"):
        found = transmission(inner, left, right, energies, solver).transmission
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_many_energies_are_those_of_each(junction):
    lead = attach_clusters(junction, LEFT, RIGHT, 0.4)[1]
    energies = np.array([-1.0, 0.3])
    stack = lead.self_energy(energies)
    for energy, one in zip(energies, stack, strict=True):
        np.testing.assert_allclose(lead.self_energy(energy), one, rtol=1e-12)
    assert np.linalg.eigvalsh(broadening(stack)).min() > -1e-12


def test_what_is_no_cluster(junction):
    with pytest.raises(InputError, match="larger than 0"):
        attach_clusters(junction, LEFT, RIGHT, 0.0)
    with pytest.raises(TransportError, match="share orbitals"):
        attach_clusters(junction, LEFT, LEFT, 1.0)
    with pytest.raises(TransportError, match="couples to the right one directly"):
        attach_clusters(junction, LEFT, np.arange(8, 12), 1.0)
    apart = Device(np.diag(np.arange(5.0)))
    with pytest.raises(TransportError, match="couple to no other orbital"):
        attach_clusters(apart, [0], [4], 1.0)
    with pytest.raises(TransportError, match="nothing is left"):
        attach_clusters(Device(np.eye(2)), [0], [1], 1.0)
