"""Every kind of file that sisl reads a Hamiltonian from: where its zero of energy is, and who says so."""

import numpy as np
import pytest
import sisl
from sisl.io.sile import get_siles

from qdjunction.cli import main
from qdjunction.core.errors import InputError
from qdjunction.core.matrix_files import FERMI_AT_ZERO, NOT_READ, ZERO_NOT_STATED, read_matrices
from qdjunction.transport import parse_leads, read_transmission
from support.paths import GOLD, ROOT

HR = """\
 written by hand
           1
           3
    1    1    1
    0    0   -1    1    1   -1.000000    0.000000
    0    0    0    1    1    4.500000    0.000000
    0    0    1    1    1   -1.000000    0.000000
"""

WIN = """\
num_wann = 1
begin unit_cell_cart
ang
8.0 0.0 0.0
0.0 8.0 0.0
0.0 0.0 2.5
end unit_cell_cart
begin atoms_cart
ang
Au 0.0 0.0 0.0
end atoms_cart
"""

TB = """\
 written by hand
   8.0 0.0 0.0
   0.0 8.0 0.0
   0.0 0.0 2.5
           1
           3
    1    1    1

    0    0   -1
    1    1   -1.000000    0.000000

    0    0    0
    1    1    4.500000    0.000000

    0    0    1
    1    1   -1.000000    0.000000
"""

CENTRES = """\
2
 written by hand
X 0.0 0.0 0.0
Au 0.0 0.0 0.0
"""


def test_the_tables_hold_every_kind_that_sisl_reads():
    known = {*FERMI_AT_ZERO, *ZERO_NOT_STATED, *NOT_READ}
    assert {sile.__name__ for sile in get_siles(["read_hamiltonian"])} == known


def test_files_of_siesta_have_their_fermi_energy_at_zero():
    """TSHS and netCDF of one run hold the same H; E_F lies in a band of this metal, not 4 eV beside it."""
    tshs, netcdf = (read_matrices(GOLD / f"siesta.{suffix}") for suffix in ("TSHS", "nc"))
    np.testing.assert_allclose(netcdf.Hk().toarray(), tshs.Hk().toarray(), atol=2e-5)
    levels = sisl.get_sile(GOLD / "siesta.EIG").read_data()[0]
    kpoints, _ = sisl.get_sile(GOLD / "siesta.KP").read_data(tshs.geometry.lattice)
    for k, expected in zip(kpoints, levels, strict=True):
        np.testing.assert_allclose(tshs.eigh(k), expected, atol=2e-3)


def test_wannier90_is_refused_until_its_fermi_energy_is_given(tmp_path):
    (tmp_path / "x.win").write_text(WIN)
    (tmp_path / "x_centres.xyz").write_text(CENTRES)
    for name, text in (("x_hr.dat", HR), ("x_tb.dat", TB)):
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError, match=r"the \.win file of its run"):
            read_matrices(tmp_path / name, 4.25)
        with pytest.raises(
            InputError, match=r"Fermi energy is not known.*absolute zero.*--fermi E .*--fermi 0"
        ):
            read_matrices(tmp_path / "x.win")
        band = [float(read_matrices(tmp_path / "x.win", fermi).eigh()[0]) for fermi in (0.0, 4.25)]
        np.testing.assert_allclose(band, [2.5, -1.75], atol=1e-6)
        (tmp_path / name).unlink()


def test_text_of_sisl_is_refused_until_told(tmp_path):
    chain = sisl.Hamiltonian(
        sisl.Geometry([[0, 0, 0]], sisl.Atom(1, [2.0]), sisl.Lattice([9, 9, 1.5], nsc=[1, 1, 3]))
    )
    chain.construct([[0.1, 1.6], [3.0, -1.0]])
    chain.write(tmp_path / "chain.ham")
    with pytest.raises(InputError, match="the Fermi energy is not known, since a text Hamiltonian of sisl"):
        read_matrices(tmp_path / "chain.ham")
    assert read_matrices(tmp_path / "chain.ham", 3.0).eigh()[0] == pytest.approx(-2.0)


@pytest.mark.parametrize("version", [1, 2])
def test_hsx_without_a_fermi_energy(tmp_path, capsys, version):
    """As of a run with H.Setup.Only: E_F, behind the cell in the fourth record, is the largest number there is."""
    known = read_matrices(GOLD / "siesta.TSHS")
    path = tmp_path / "x.HSX"
    with sisl.get_sile(path, "w") as sile:
        sile.write_hamiltonian(known, version=version)
    content = bytearray(path.read_bytes())
    start = 0
    for _ in range(3):
        start += int.from_bytes(content[start : start + 4], "little") + 8
    place = start + 4 + 9 * 8
    for fermi_ry, given, shift in ((0.25, None, 0.25), (0.25, 1.0, 0.25), (np.finfo("f8").max, 1.5, 0.0)):
        content[place : place + 8] = np.array([fermi_ry], "<f8").tobytes()
        path.write_bytes(content)
        moved = known.copy()
        moved.shift(-shift * sisl.unit_convert("Ry", "eV") - (given or 0.0))
        np.testing.assert_allclose(read_matrices(path, given).Hk().toarray(), moved.Hk().toarray(), atol=1e-5)
    with pytest.raises(InputError, match="it holds no usable Fermi energy; give it with --fermi"):
        read_matrices(path)
    words = ["--energies=-1,0", "--left-atoms", "0", "--right-atoms", "0", "--output", str(tmp_path / "t.nc")]
    assert main(["transmission", str(path), *words]) == 2
    assert "--fermi 0 if the energies" in capsys.readouterr().err


@pytest.mark.recorded
def test_recorded_hsx_without_a_fermi_energy(siesta_reference):
    path = siesta_reference.parent / "field" / "hsx-no-fermi" / "ef_inf.HSX"
    if not path.is_file():
        pytest.skip(f"the recorded file {path} is not there")
    with pytest.raises(InputError, match="it holds no usable Fermi energy"):
        read_matrices(path)
    assert read_matrices(path, 0).no == 26


def test_fermi_energy_of_an_electrode(tmp_path):
    (tmp_path / "x.win").write_text(WIN)
    (tmp_path / "x_centres.xyz").write_text(CENTRES)
    (tmp_path / "x_hr.dat").write_text(HR)
    leads = f"bulk:{tmp_path / 'x.win'}"
    with pytest.raises(InputError, match=r"electrode cannot be read: .*--electrode-fermi E"):
        _ = parse_leads(leads).hamiltonian
    for fermi, expected in ((0.0, 2.5), (4.0, -1.5)):
        electrode = parse_leads(leads, electrode_fermi_ev=fermi).hamiltonian
        assert electrode.eigh()[0] == pytest.approx(expected)
    with pytest.raises(InputError, match="--electrode-fermi: wide-band leads are not read from a file"):
        parse_leads("wide-band:1", electrode_fermi_ev=1.0)


@pytest.mark.parametrize("name", ["hamsqr1.dat", "oversqr.dat", "hamreal1.dat", "overreal.dat"])
def test_matrices_of_dftb_are_refused_with_the_remedy(tmp_path, name):
    (tmp_path / name).write_text("# REAL NALLORB NKPOINT\n T 1 1\n# IKPOINT\n 1\n# MATRIX\n 1.0\n")
    with pytest.raises(InputError, match=r"DFTB\+ writes H in Hartree.*docs/transport.md"):
        read_matrices(tmp_path / name, 0.0)


def test_the_page_makes_a_file_of_dftb_matrices(tmp_path, monkeypatch):
    """The example of the page on a chain of hydrogen: T is that of the chain in eV about its Fermi energy."""
    monkeypatch.chdir(tmp_path)
    hartree, fermi, length = 27.211386, -4.1, 5
    near = np.eye(length, k=1) + np.eye(length, k=-1)
    H, S = (fermi * np.eye(length) + (fermi * 0.1 - 1.0) * near) / hartree, np.eye(length) + 0.1 * near
    for name, matrix in (("hamsqr1.dat", H), ("oversqr.dat", S)):
        head = f"#      REAL    NALLORB   NKPOINT\n         T {length:9d}         1\n# IKPOINT\n         1\n# MATRIX\n"
        rows = "\n".join(" ".join(f"{value:.15E}" for value in row) for row in matrix)
        (tmp_path / name).write_text(f"{head}{rows}\n")
    lines = [f"H {0.0:14.8f} {0.0:14.8f} {1.1 * i:14.8f} {1.0:14.8f}" for i in range(length)]
    (tmp_path / "geo_end.xyz").write_text("\n".join([str(length), "Geometry Step: 0", *lines]) + "\n")
    page = (ROOT / "docs" / "transport.md").read_text()
    blocks = [block.split("```")[0] for block in page.split("```python\n")[1:]]
    example = next(block for block in blocks if "hamsqr1.dat" in block)
    exec(compile(example, "docs/transport.md", "exec"), {})
    found = read_matrices("h.nc")
    np.testing.assert_allclose(found.Hk().toarray(), -near, atol=1e-6)
    np.testing.assert_allclose(found.Sk().toarray(), S, atol=1e-12)
    words = ["--energies=0", "--left-atoms", "0", "--right-atoms", "4", "--output", "t.nc"]
    assert main(["transmission", "h.nc", *words]) == 0
    system = near + 0.5j * np.diag([1.0, 0, 0, 0, 1.0])
    expected = abs(np.linalg.inv(system)[0, -1]) ** 2
    assert read_transmission("t.nc").transmission[0] == pytest.approx(expected, rel=1e-5)


def test_input_files_of_siesta_name_the_remedy():
    with pytest.raises(InputError, match="give the folder of its run"):
        read_matrices(GOLD / "siesta.fdf", 0.0)


def test_an_energy_that_is_none(tmp_path):
    with pytest.raises(InputError, match="--fermi = nan: is not an energy"):
        read_matrices(GOLD / "siesta.TSHS", float("nan"))


@pytest.fixture
def magnetic(tmp_path):
    """Chain whose two spins differ by 1 eV on the atom in the middle, and the same chain of each spin alone."""
    geometry = sisl.Geometry(
        [[0, 0, 0]], sisl.Atom(79, [2.0]), sisl.Lattice([9, 9, 1.5], nsc=[1, 1, 3])
    ).tile(7, 2)
    both = sisl.Hamiltonian(geometry, spin="polarized")
    both.construct([[0.1, 1.6], [(0.0, 0.0), (-1.0, -0.8)]])
    both[3, 3] = (0.5, -0.5)
    both.write(tmp_path / "both.nc")
    for name, hopping, lift in (("up", -1.0, 0.5), ("down", -0.8, -0.5)):
        alone = sisl.Hamiltonian(geometry)
        alone.construct([[0.1, 1.6], [0.0, hopping]])
        alone[3, 3] = lift
        alone.write(tmp_path / f"{name}.nc")
    return tmp_path


def run(folder, name, *words):
    places = ["--energies=-0.7,0.4", "--left-atoms", "0,1", "--right-atoms", "5,6"]
    code = main(["transmission", str(folder / name), *places, *words, "--output", str(folder / "t.nc")])
    return code, None if code else read_transmission(folder / "t.nc").transmission


@pytest.mark.parametrize("leads", ["wide-band:1", "wire"])
def test_each_spin(magnetic, leads, capsys):
    values = {}
    for name, number in (("up", "0"), ("down", "1")):
        expected = run(magnetic, f"{name}.nc", "--leads", leads)[1]
        for word in (name, number):
            code, values[name] = run(magnetic, "both.nc", "--leads", leads, "--spin", word)
            assert code == 0
            np.testing.assert_allclose(values[name], expected, rtol=1e-9)
    assert np.abs(values["up"] - values["down"]).max() > 0.01
    assert run(magnetic, "both.nc", "--leads", leads)[0] == 2
    assert "--spin up or --spin down" in capsys.readouterr().err
    assert run(magnetic, "up.nc", "--leads", leads, "--spin", "up")[0] == 2
    assert "leave --spin out" in capsys.readouterr().err
    assert run(magnetic, "both.nc", "--leads", leads, "--spin", "left")[0] == 2
    assert "write up or down" in capsys.readouterr().err


def test_each_spin_of_a_bulk_electrode(tmp_path):
    cell = sisl.Geometry([[0, 0, 0]], sisl.Atom(79, [2.0]), sisl.Lattice([9, 9, 1.5], nsc=[1, 1, 3]))
    for name, spin, values in (("both", "polarized", (-1.0, -0.8)), ("1", "unpolarized", -0.8)):
        zero = (0.0, 0.0) if name == "both" else 0.0
        for kind, geometry in (("electrode", cell), ("device", cell.tile(7, 2))):
            one = sisl.Hamiltonian(geometry, spin=spin)
            one.construct([[0.1, 1.6], [zero, values]])
            one.write(tmp_path / f"{kind}_{name}.nc")
    found = []
    for name, words in (("both", ["--spin", "down"]), ("1", [])):
        leads = f"bulk:{tmp_path / f'electrode_{name}.nc'}"
        places = [
            "--energies=-1.7,-0.7",
            "--left-atoms",
            "0",
            "--right-atoms",
            "6",
            "--leads",
            leads,
            "--eta",
            "1e-7",
        ]
        output = tmp_path / "t.nc"
        assert (
            main(
                [
                    "transmission",
                    str(tmp_path / f"device_{name}.nc"),
                    *places,
                    *words,
                    "--output",
                    str(output),
                ]
            )
            == 0
        )
        found.append(read_transmission(output).transmission)
    # The band of this spin ends at 1.6 eV.
    np.testing.assert_allclose(found[0], [0, 1], atol=1e-5)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9)


@pytest.mark.parametrize("suffix", ["TSHS", "nc"])
@pytest.mark.parametrize("place", ["Größe é/siesta", "plain/größe"])
def test_paths_hold_any_letters(place, suffix, tmp_path):
    """The Fortran readers of sisl know ASCII only."""
    path = (tmp_path / place).with_suffix(f".{suffix}")
    path.parent.mkdir()
    path.write_bytes((GOLD / f"siesta.{suffix}").read_bytes())
    known = read_matrices(GOLD / f"siesta.{suffix}")
    np.testing.assert_array_equal(read_matrices(path).Hk(format="array"), known.Hk(format="array"))
