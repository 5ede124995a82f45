"""H and S of a run, however a user names it."""

import pytest
import sisl

from qdjunction.core.errors import InputError
from qdjunction.core.matrix_files import eig_is_complete, fa_is_complete, fdf_is_complete, read_matrices
from qdjunction.steps.transport import read_junction


def test_a_junction_is_read_from_the_folder_of_its_run(finished):
    junction = read_junction(finished)
    assert (junction.left.tolist(), junction.right.tolist()) == ([1], [2])
    assert junction.engine.name == "siesta"


def test_an_old_hsx_alone_is_one_clear_error(finished):
    with pytest.raises(InputError, match=r"siesta\.HSX: .*give the folder of its run"):
        read_matrices(finished / "siesta.HSX")


def test_a_tshs_cut_short_is_one_clear_error(data, tmp_path):
    path = tmp_path / "siesta.TSHS"
    path.write_bytes((data / "periodic" / "siesta.TSHS").read_bytes()[:-100])
    with pytest.raises(InputError, match=r"siesta\.TSHS: is cut short"):
        read_matrices(path)


def test_a_file_without_matrices_is_one_clear_error(tmp_path):
    sisl.geom.graphene().write(tmp_path / "graphene.xyz")
    with pytest.raises(InputError, match=r"graphene\.xyz: sisl finds no Hamiltonian in it"):
        read_matrices(tmp_path / "graphene.xyz")


@pytest.mark.parametrize(
    ("suffix", "check"), [("EIG", eig_is_complete), ("FA", fa_is_complete), ("fdf", fdf_is_complete)]
)
def test_text_files_are_told_whole_from_cut(finished, suffix, check):
    path = finished / f"siesta.{suffix}"
    assert check(path)
    lines = path.read_text().splitlines(keepends=True)
    last = max(n for n, line in enumerate(lines) if suffix != "fdf" or "%endblock" in line)
    path.write_text("".join(lines[:last]))
    assert not check(path)
