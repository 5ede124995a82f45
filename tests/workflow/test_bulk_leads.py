"""Steps of a study with bulk leads: electrode and T(E), on SIESTA's gold crystal, and with a real SIESTA."""

import lzma
import shutil

import numpy as np
import pytest
import xarray
from ase import Atoms

from qdjunction.core.errors import TransportError
from qdjunction.core.matrix_files import read_matrices
from qdjunction.engine.contract import ElectronicStructure, EngineInfo
from qdjunction.engine.registry import make_engine
from qdjunction.engine.siesta import electronic_structure_from_run
from qdjunction.engine.store import read_electronic_structure, write_electronic_structure
from qdjunction.steps.electronic import electrode
from qdjunction.steps.transport import local_density, transmission_of_study
from qdjunction.structure.settings import SurfaceSettings
from qdjunction.study.config import TransportSettings
from qdjunction.transport import Bulk, Electrode, read_transmission
from support.paths import GOLD, PSEUDOPOTENTIALS

LAYER = 2
"""Primitive cells of a principal layer: the orbitals reach the second neighbour cell."""


def structure_of(hamiltonian, tags=None, levels=None, **info) -> ElectronicStructure:
    """Return matrices as an engine would."""
    levels = hamiltonian.eigh() if levels is None else levels
    geometry = hamiltonian.geometry
    atoms = Atoms(geometry.atoms.Z, geometry.xyz, cell=geometry.cell, pbc=True, tags=tags, info=info)
    n = geometry.na
    return ElectronicStructure(
        atoms,
        hamiltonian,
        0.0,
        levels,
        np.full(n, 11.0),
        0.0,
        None,
        EngineInfo("none", "SZ", False),
    )


class Crystal:
    """An engine that has computed gold: cells of `repeats` primitive cells along c."""

    info = EngineInfo("none", "SZ", False)

    def __init__(self, repeats):
        self.repeats = repeats

    def inputs(self, atoms):
        return []

    def hamiltonian(self, atoms, workdir, density_from=None):
        return structure_of(read_matrices(GOLD / "siesta.TSHS").tile(self.repeats, 2))


@pytest.fixture(scope="module")
def gold():
    return read_matrices(GOLD / "siesta.TSHS")


@pytest.fixture(scope="module")
def files(gold, tmp_path_factory):
    """A perfect crystal as a junction, and its electrode, as a study leaves them."""
    folder = tmp_path_factory.mktemp("crystal")
    tags = np.repeat([11, 10, 0, 20, 21], LAYER)
    crystal = structure_of(gold.tile(5 * LAYER, 2), tags, lead_layers=1)
    write_electronic_structure(crystal, folder / "junction.nc")
    electrode(
        SurfaceSettings(),
        Crystal(LAYER),
        folder / "work",
        folder / "electrode.extxyz",
        folder / "electrode.nc",
    )
    return folder


def test_t_of_a_perfect_crystal_is_its_open_channels(gold, files, tmp_path):
    """Averaged over the transverse k points of the settings, and with all coarser grids in the file."""
    settings = TransportSettings(
        energy_min_ev=-1.0, energy_max_ev=0.0, energy_step_ev=0.05, leads=Bulk(kpoints=[2, 2], eta_ev=1e-7)
    )
    transmission_of_study(
        files / "junction.nc",
        settings,
        tmp_path / "t.nc",
        tmp_path / "cache",
        tmp_path,
        files / "electrode.nc",
    )
    energies = settings.energies_ev
    channels = {}
    for a, b in np.ndindex(2, 2):
        bands = np.array([gold.eigh((a / 2, b / 2, z)) for z in np.linspace(-0.5, 0.5, 601)])
        crossings = (bands[:-1, :, None] - energies) * (bands[1:, :, None] - energies) < 0
        channels[a, b] = crossings.sum(axis=(0, 1)) / 2
    with xarray.open_dataset(tmp_path / "t.nc") as found:
        np.testing.assert_allclose(found["transmission"], np.mean(list(channels.values()), axis=0), atol=2e-3)
        np.testing.assert_allclose(found["transmission_grid"][0], channels[0, 0], atol=2e-3)
        assert "levels 0 meV below the device's" in found.attrs["lead_left"].replace("-0", "0")
        assert str(files / "electrode.nc") in found.attrs["leads"]
    local_density(
        files / "junction.nc", -0.5, settings.leads, tmp_path / "ldos.nc", None, files / "electrode.nc"
    )
    with xarray.open_dataset(tmp_path / "ldos.nc") as density:
        middle = density["ldos"][0, 2 * LAYER : 3 * LAYER]
        assert float(middle.min()) == pytest.approx(float(middle.max()), rel=1e-3)
        assert float(middle.min()) > 0


def test_an_electrode_that_is_thinner_than_its_orbitals_is_refused(tmp_path):
    with pytest.raises(TransportError, match=r"electrode.nc: electrode: a layer couples .*electrode_layers"):
        electrode(
            SurfaceSettings(), Crystal(1), tmp_path / "work", tmp_path / "e.extxyz", tmp_path / "electrode.nc"
        )


@pytest.mark.siesta
@pytest.mark.slow
@pytest.mark.usefixtures("siesta_command")
def test_siesta_computes_the_electrode_of_a_study(tmp_path):
    """Gold with the translations of its lateral cell, as periodic as its atoms, and no coupling beyond a cell."""
    surface = SurfaceSettings(size=(2, 2), kpoints=(2, 2))
    settings = {
        "protocol": "fast", "energy_shift_ry": 0.03, "mesh_cutoff_ry": 60, "basis": "SZ", "basis_by_element": {},
        "pseudopotentials": str(PSEUDOPOTENTIALS),
    }  # fmt: skip
    engine = make_engine("siesta", settings, kpoints=surface.electrode_kpoints)
    electrode(surface, engine, tmp_path / "work", tmp_path / "e.extxyz", tmp_path / "e.nc")
    found = read_electronic_structure(tmp_path / "e.nc")
    assert found.atoms.pbc.all()
    assert found.valence_electrons.sum() == pytest.approx(12 * 11)
    bulk = Electrode.from_hamiltonian(found.hamiltonian)
    assert bulk.repeats == (2, 2, 1)
    assert bulk.beyond_ev < 1e-9


@pytest.mark.recorded
@pytest.mark.slow
def test_t_of_the_recorded_junction_between_surfaces(siesta_reference, tmp_path):
    """1Pb between 4 x 4 surfaces of SIESTA, against sisl's self-energies and dense algebra, at Gamma as recorded."""
    source = siesta_reference / "bulk-lead"
    hamiltonians = {}
    for name in ("long", "electrode"):
        path = tmp_path / f"{name}.TSHS"
        path.write_bytes(lzma.decompress((source / f"{name}.TSHS.xz").read_bytes()))
        hamiltonians[name] = read_matrices(path)
    tags = np.zeros(171, dtype=int)
    tags[:48], tags[-48:] = 10, 20
    for name, of in hamiltonians.items():
        structure = structure_of(of, tags if name == "long" else None, levels=np.zeros(of.no), lead_layers=1)
        write_electronic_structure(structure, tmp_path / f"{name}.nc")
    settings = TransportSettings(energy_min_ev=-2.5, energy_max_ev=-0.5, energy_step_ev=0.05, leads=Bulk())
    transmission_of_study(
        tmp_path / "long.nc",
        settings,
        tmp_path / "t.nc",
        tmp_path / "cache",
        tmp_path,
        tmp_path / "electrode.nc",
    )
    energies, values = np.loadtxt(source / "long.sisl.csv", delimiter=",", skiprows=1, unpack=True)
    found = read_transmission(tmp_path / "t.nc")
    same = np.abs(found.energies_ev[:, None] - energies).argmin(axis=0)
    np.testing.assert_allclose(found.energies_ev[same], energies, atol=1e-9)
    np.testing.assert_allclose(found.transmission[same], values, rtol=5e-3)


@pytest.mark.recorded
def test_the_recorded_electrode_of_siesta_5_is_a_principal_layer(siesta_reference, tmp_path):
    """Read with its 21 k points, and as periodic as its atoms."""
    folder = tmp_path / "lead"
    folder.mkdir()
    for path in siesta_reference.with_name("siesta5").joinpath("lead-au22").iterdir():
        if path.suffix == ".xz":
            (folder / path.stem).write_bytes(lzma.decompress(path.read_bytes()))
        elif path.name != "au22.extxyz":
            shutil.copyfile(path, folder / path.name)
    found = electronic_structure_from_run(folder)
    assert found.valence_electrons.sum() == pytest.approx(12 * 11)
    bulk = Electrode.from_hamiltonian(found.hamiltonian)
    assert bulk.repeats == (2, 2, 1)
    assert bulk.beyond_ev < 1e-9
