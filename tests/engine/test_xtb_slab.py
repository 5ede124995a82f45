"""Energies and forces of slabs on the embedded engine, against tblite itself and the symmetry of translation."""

import numpy as np
import pytest
from ase import Atoms
from ase.io import read

from qdjunction.core.errors import EngineError, InputError
from qdjunction.core.units import BOHR_ANG, BOLTZMANN_EV_PER_K, HARTREE_EV
from qdjunction.engine.registry import ENGINES, make_engine
from qdjunction.engine.thermostat import Thermostat
from qdjunction.engine.xtb.engine import XtbEngine, XtbSettings
from qdjunction.structure.perovskite.slab import perovskite_slab
from qdjunction.structure.sources.slab import SlabSettings
from support.paths import CLUSTERS


def energy(atoms, folder):
    return XtbEngine().relax(atoms, folder, 1.0, 0).energy_ev


def salt_layer():
    """A square layer of NaCl: a gap, and no halogen bond."""
    points = [[0, 0, 6], [2, 2, 6], [4, 0, 6], [6, 2, 6]]
    return Atoms("NaClNaCl", positions=points, cell=[8, 4, 12], pbc=[True, True, False])


@pytest.mark.parametrize("atoms", [salt_layer(), perovskite_slab("Cs", "Br", (1, 1), vacuum_ang=12)])
def test_the_energy_is_that_of_tblite(atoms, tmp_path):
    from tblite.interface import Calculator

    peer = Calculator(
        "GFN1-xTB", atoms.numbers, atoms.positions / BOHR_ANG, lattice=atoms.cell.array / BOHR_ANG,
        periodic=atoms.pbc,
    )  # fmt: skip
    peer.set("verbosity", 0)
    peer.set("temperature", BOLTZMANN_EV_PER_K * 300 / HARTREE_EV)
    assert energy(atoms, tmp_path) == pytest.approx(peer.singlepoint()["energy"] * HARTREE_EV, abs=1e-4)


def covered_slab():
    settings = SlabSettings(
        source="slab",
        name="s",
        contacts=[],
        ligand="methylammonium",
        replaced=[0],
        size=(1, 1),
        vacuum_ang=12,
        rattle_ang=0,
    )
    atoms = settings.build(settings.look_up(CLUSTERS))
    atoms.rattle(0.02, seed=1)
    return atoms


def test_the_energy_does_not_depend_on_where_the_cell_begins(tmp_path):
    """With tblite's halogen bonds it changes by electronvolts."""
    atoms = covered_slab()
    moved = atoms.copy()
    moved.positions += [3.3, 1.1, 0]
    assert energy(moved, tmp_path / "moved") == pytest.approx(energy(atoms, tmp_path / "here"), abs=0.03)


def test_forces_are_the_derivative_of_the_energy(tmp_path):
    atoms, h = covered_slab(), 2e-3
    engine = XtbEngine(XtbSettings(accuracy=0.01))
    engine.relax(atoms, tmp_path / "here", 1e-3, 0)
    forces = read(tmp_path / "here" / "relaxation.traj").get_forces()
    nitrogen = int(np.flatnonzero(atoms.numbers == 7)[0])
    energies = []
    for sign in (-1, 1):
        moved = atoms.copy()
        moved.positions[nitrogen, 2] += sign * h
        energies.append(engine.relax(moved, tmp_path / str(sign), 1e-3, 0).energy_ev)
    assert -(energies[1] - energies[0]) / (2 * h) == pytest.approx(forces[nitrogen, 2], abs=2e-3)


def test_levels_and_dynamics_of_a_slab_are_refused(tmp_path):
    with pytest.raises(EngineError, match=r"no H, S, T\(E\) and gaps of a periodic structure.*Gamma point"):
        XtbEngine().hamiltonian(salt_layer(), tmp_path)
    with pytest.raises(EngineError, match="no dynamics of a periodic structure"):
        XtbEngine().dynamics(salt_layer(), Thermostat(), 1, 0, tmp_path)


def test_a_crystal_and_other_parameters_are_refused(tmp_path):
    crystal = salt_layer()
    crystal.pbc = True
    with pytest.raises(EngineError, match="isolated structures, and slabs with GFN1-xTB"):
        energy(crystal, tmp_path)
    with pytest.raises(InputError, match="slabs are computed with GFN1-xTB"):
        make_engine("xtb", {"method": "GFN2-xTB"}, slab=[1, 1])


def test_more_k_points_are_for_siesta():
    with pytest.raises(InputError, match=r"kpoints = \[2, 2\].*uses only the Gamma point of a slab"):
        make_engine("xtb", slab=[2, 2])
    settings = ENGINES["siesta"].Settings(dispersion="d3", protocol="modern")
    made = ENGINES["siesta"].slab(settings, (3, 3))
    assert made.kpoints == (3, 3, 1)
    assert made.fdf["Slab.DipoleCorrection"] is True


def exchange(size, vacuum_ang, folder):
    """Energy of the slab with one methylammonium, as built, less that without."""
    found = []
    for keys in ({"ligand": "methylammonium", "replaced": [0]}, {}):
        settings = SlabSettings(
            source="slab", name="s", contacts=[], size=size, vacuum_ang=vacuum_ang, rattle_ang=0, **keys
        )
        found.append(energy(settings.build(settings.look_up(CLUSTERS)), folder / str(len(found))))
    return found[0] - found[1]


def test_the_energy_of_an_exchange_hardly_depends_on_the_vacuum(tmp_path):
    """The numbers of docs/cover.md: total energies are no better than 0.1 eV, their difference is."""
    near, far = (exchange((2, 2), vacuum, tmp_path / str(vacuum)) for vacuum in (20, 45))
    assert near == pytest.approx(far, abs=0.03)


def test_the_energy_of_an_exchange_hardly_depends_on_the_cell(tmp_path):
    """Of 2 x 2 and 3 x 3 cells at the Gamma point; their energies per cell differ by 0.7 eV."""
    small, large = (exchange((n, n), 30, tmp_path / str(n)) for n in (2, 3))
    assert small == pytest.approx(large, abs=0.1)
    bare = [energy(perovskite_slab("Cs", "Br", (n, n)), tmp_path / f"bare-{n}") / n**2 for n in (2, 3)]
    assert abs(bare[0] - bare[1]) > 0.5
