"""Electronic structures on disk: back as they were, and open to sisl."""

import netCDF4
import numpy as np
import pytest
import sisl

from qdjunction.core.errors import InputError
from qdjunction.engine.store import read_electronic_structure, write_electronic_structure


@pytest.fixture
def path(single_pb_structure, tmp_path):
    path = tmp_path / "h.nc"
    write_electronic_structure(single_pb_structure, path)
    return path


def test_round_trip(single_pb_structure, path):
    back = read_electronic_structure(path)
    for get in ("Hk", "Sk"):
        was, now = (getattr(each.hamiltonian, get)(format="array") for each in (single_pb_structure, back))
        np.testing.assert_allclose(now, was, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(back.eigenvalues_ev, single_pb_structure.eigenvalues_ev)
    np.testing.assert_array_equal(back.forces_ev_per_ang, single_pb_structure.forces_ev_per_ang)
    np.testing.assert_array_equal(back.valence_electrons, single_pb_structure.valence_electrons)
    assert back.energy_ev == single_pb_structure.energy_ev
    assert back.fermi_energy_ev == single_pb_structure.fermi_energy_ev
    assert back.gap_ev == single_pb_structure.gap_ev
    assert back.engine == single_pb_structure.engine


def test_atoms_come_back_with_tags_and_info(single_pb, path):
    back = read_electronic_structure(path).atoms
    np.testing.assert_array_equal(back.numbers, single_pb.numbers)
    np.testing.assert_allclose(back.positions, single_pb.positions, atol=1e-12)
    np.testing.assert_array_equal(back.get_tags(), single_pb.get_tags())
    assert back.info == {"dot": "1Pb", "contacts": {"L": {"atom": 5, "direction": [0.0, 0.0, -1.0]}}}
    assert not back.pbc.any()


def test_orbitals_come_back_with_their_names(single_pb_structure, path):
    names = [
        [orbital.name() for atom in each.hamiltonian.geometry.atoms for orbital in atom.orbitals]
        for each in (single_pb_structure, read_electronic_structure(path))
    ]
    assert names[0] == names[1]
    assert names[0][:4] == ["6sZ1", "6pyZ1", "6pzZ1", "6pxZ1"]


def test_sisl_alone_reads_the_same_with_the_fermi_energy_at_zero(single_pb_structure, path):
    with sisl.get_sile(path) as sile:
        hamiltonian = sile.read_hamiltonian()
        assert sile.read_fermi_level() == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(hamiltonian.eigh(), single_pb_structure.eigenvalues_ev, atol=1e-8)
    assert hamiltonian.nsc.tolist() == [1, 1, 1]


def test_every_number_has_a_unit(path):
    with netCDF4.Dataset(path) as file:
        units = {
            name: variable.units
            for name, variable in file["qdjunction"].variables.items()
            if name != "orbitals"
        }
    assert units["eigenvalues"] == units["fermi_energy"] == units["energy"] == "eV"
    assert units["forces"] == "eV/Ang"


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"none\.nc: there is no such file"):
        read_electronic_structure(tmp_path / "none.nc")


def test_a_foreign_netcdf_file(single_pb_structure, tmp_path):
    single_pb_structure.hamiltonian.write(tmp_path / "sisl.nc")
    with pytest.raises(InputError, match=r"sisl\.nc: this netCDF file has no group 'qdjunction'"):
        read_electronic_structure(tmp_path / "sisl.nc")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_file(share, path):
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(InputError, match=r"h\.nc: this is not a complete netCDF file"):
        read_electronic_structure(path)


def test_text_is_no_netcdf(tmp_path):
    (tmp_path / "h.nc").write_text("Hello\n")
    with pytest.raises(InputError, match="not a complete netCDF file"):
        read_electronic_structure(tmp_path / "h.nc")


def test_a_layout_of_the_future(path):
    with netCDF4.Dataset(path, "a") as file:
        file["qdjunction"].layout = 99
    with pytest.raises(InputError, match="layout is number 99"):
        read_electronic_structure(path)


def test_the_suffix_must_be_one_sisl_knows(single_pb_structure, tmp_path):
    with pytest.raises(InputError, match=r"ends in \.nc"):
        write_electronic_structure(single_pb_structure, tmp_path / "h.dat")
    assert not list(tmp_path.iterdir())
