import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from hypothesis import given, settings
from hypothesis import strategies as st

from qdjunction.core.errors import InputError, StructureError
from qdjunction.steps.electronic import hamiltonian
from qdjunction.steps.structure import relax
from qdjunction.structure.junction import build_junction
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.xyz import read_any, read_structure, write_structure
from support.paths import CLUSTERS

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_junction_comes_back_as_it_was(tmp_path):
    atoms = build_junction(build_dot(load_dot("1Pb", CLUSTERS), halide="Br0.5Cl0.5", seed=1), "L", "R2")
    write_structure(atoms, tmp_path / "junction.extxyz")
    back = read_structure(tmp_path / "junction.extxyz")
    assert back.info == atoms.info
    assert back.get_chemical_symbols() == atoms.get_chemical_symbols()
    assert (back.get_tags() == atoms.get_tags()).all()
    np.testing.assert_allclose(back.positions, atoms.positions, atol=5.1e-9)
    assert not back.pbc.any()


@settings(deadline=None, max_examples=25)
@given(info=st.dictionaries(st.text(), JSON, max_size=4))
def test_any_json_info_comes_back_exactly(tmp_path_factory, info):
    path = tmp_path_factory.mktemp("xyz") / "one.extxyz"
    write_structure(Atoms("PbBr", positions=[[0, 0, 0], [0, 0, 3]], info=info), path)
    assert read_structure(path).info == info


def test_energy_and_forces_are_kept(tmp_path):
    atoms = Atoms("PbBr", positions=[[0, 0, 0], [0, 0, 3]], info={"dot": {"name": "x"}})
    atoms.calc = SinglePointCalculator(atoms, energy=-1.5, forces=np.ones((2, 3)))
    write_structure(atoms, tmp_path / "one.extxyz")
    back = read_structure(tmp_path / "one.extxyz")
    assert back.get_potential_energy() == -1.5
    np.testing.assert_allclose(back.get_forces(), 1)
    assert back.info == atoms.info


def test_info_that_is_no_json_writes_nothing(tmp_path):
    with pytest.raises(InputError, match="not plain JSON"):
        write_structure(Atoms("Pb", info={"x": {1, 2}}), tmp_path / "one.extxyz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["There is no structure file"]),
        (b"", ["is empty"]),
        (b"this is not a structure\n", ["cannot be read as extended XYZ"]),
        (b"\x89PNG\r\n\x1a\n\x00\xff", ["cannot be read as extended XYZ"]),
        (b"3\n\nPb 0 0 0\n", ["cannot be read as extended XYZ"]),
        (b"1\n\nPb 0 0 here\n", ["cannot be read as extended XYZ"]),
        (b"0\n\n", ["no"]),
    ],
)
def test_what_is_no_structure_is_one_clear_error(tmp_path, content, words):
    path = tmp_path / "dot.extxyz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_structure(path)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in ["dot.extxyz", "qdjunction dot", *words]), message


def test_a_folder_is_no_structure(tmp_path):
    with pytest.raises(InputError, match="is a folder; name a file in it"):
        read_structure(tmp_path)


@pytest.mark.parametrize(
    ("info", "columns", "words"),
    [
        ({"charge": 2}, {}, "charge 2"),
        ({"Total_Charge": -1.0}, {}, "Total_Charge -1"),
        ({"multiplicity": 3}, {}, "multiplicity 3"),
        ({}, {"initial_charges": [0.6, 0.4]}, "in column initial_charges a total charge of 1"),
        ({}, {"initial_magmoms": [1, 1]}, "in column initial_magmoms a total magnetic moment of 2"),
    ],
)
def test_a_stated_charge_or_spin_is_refused(tmp_path, info, columns, words):
    atoms = Atoms("PbBr", [[0, 0, 0], [0, 0, 3]], info=info)
    for name, values in columns.items():
        atoms.set_array(name, np.array(values, dtype=float))
    write(tmp_path / "ion.extxyz", atoms)
    for read in (read_structure, read_any):
        with pytest.raises(
            InputError, match=rf"ion\.extxyz states {words}; structures are neutral closed shells"
        ):
            read(tmp_path / "ion.extxyz")


def test_a_stated_neutral_singlet_is_read(tmp_path):
    atoms = Atoms("PbBr", [[0, 0, 0], [0, 0, 3]], info={"charge": 0, "multiplicity": 1, "spin": "singlet"})
    atoms.set_initial_charges([0.51, -0.5])
    write(tmp_path / "neutral.extxyz", atoms)
    assert len(read_structure(tmp_path / "neutral.extxyz")) == 2


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_positions_and_cells_that_are_no_numbers_are_refused(tmp_path, number):
    path = tmp_path / "wrong.xyz"
    path.write_text(f"2\n\nPb 0 0 0\nBr 0 {number} 3\n")
    for read in (read_structure, read_any):
        with pytest.raises(
            InputError, match=rf"wrong\.xyz: atom 1 \(Br\) is at 0 {number} 3, which is no place"
        ):
            read(path)
    path.write_text(f'2\nLattice="9 0 0 0 {number} 0 0 0 9"\nPb 0 0 0\nBr 0 0 3\n')
    with pytest.raises(InputError, match=r"wrong\.xyz"):
        read_structure(path)


def test_no_engine_is_started_on_positions_in_bohr(tmp_path):
    path = tmp_path / "bohr.xyz"
    write(path, Atoms("OCO", [[0, 0, -2.2], [0, 0, 0], [0, 0, 2.2]]))
    with pytest.raises(
        StructureError, match=r"bohr\.xyz: None of the 3 atoms .* unit of length, which is Ang"
    ):
        hamiltonian(path, None, tmp_path / "work", tmp_path / "h.nc")
    with pytest.raises(
        StructureError, match=r"bohr\.xyz: None of the 3 atoms .* unit of length, which is Ang"
    ):
        relax(path, None, tmp_path / "work", 0.05, 10, tmp_path / "r.xyz", tmp_path / "r.json")


XYZ = "3\ncarbon dioxide\nO 0 0 -1.16\nC 0 0 0\nO 0 0 1.16\n"


@pytest.mark.parametrize(
    "content",
    [
        XYZ.encode("utf-16"),
        XYZ.encode("utf-16-le"),
        XYZ.encode("utf-8-sig"),
        XYZ.replace("\n", "\r\n").encode(),
        XYZ.replace("\n", "\r").encode(),
        XYZ.replace("dioxide", "dioxyd\xe9").encode("latin-1"),
    ],
)
def test_xyz_in_other_encodings_is_read(tmp_path, content):
    (tmp_path / "co2.xyz").write_bytes(content)
    for read in (read_structure, read_any):
        atoms = read(tmp_path / "co2.xyz")
        assert (str(atoms.symbols), atoms.positions[2, 2]) == ("OCO", 1.16)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("C 0", "C1 0", r"line 4: 'C1' is no element; write its symbol"),
        ("1.16\n", "1,16\n", r"line 3, O: '-1,16' is no number; write a decimal point"),
        ("C 0 0 0", "C 0 0 here", r"line 4, C: 'here' is no number"),
    ],
)
def test_a_line_of_xyz_that_is_no_atom_is_named(tmp_path, old, new, words):
    (tmp_path / "co2.xyz").write_text(XYZ.replace(old, new))
    for read in (read_structure, read_any):
        with pytest.raises(InputError, match=rf"co2\.xyz cannot be read .* \({words}\);"):
            read(tmp_path / "co2.xyz")
