"""The command ``observe``: the numbers of the step, the figure, and errors that name the option."""

import numpy as np
import pytest
import xarray

from qdjunction.cli import main
from qdjunction.core.matrix_files import read_matrices
from qdjunction.transport import OBSERVABLES
from support.paths import GOLD

TSHS = GOLD / "siesta.TSHS"


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    """Twelve layers of gold, one atom across."""
    path = tmp_path_factory.mktemp("gold") / "device.nc"
    read_matrices(TSHS).tile(12, 2).write(path)
    return path


def run(kind, device, *words):
    places = ("--left-atoms", "0-1", "--right-atoms", "10-11")
    return main(["observe", kind, str(device), *places, *map(str, words)])


def test_numbers_and_figure(device, tmp_path):
    words = ("--energies-ev", "-0.5", "0.5", "--count", 2, "--leads", "wide-band:0.5")
    files = ("--output", tmp_path / "c.nc", "--plot", tmp_path / "c.svg")
    assert run("eigenchannels", device, *words, *files) == 0
    found = xarray.load_dataset(tmp_path / "c.nc")
    assert found.energy.values.tolist() == [-0.5, 0.5]
    assert found.sizes["channel"] == 2
    transmission = ("--energies=-0.5,0.5", "--leads", "wide-band:0.5", "--eigenchannels", 2)
    places = ("--left-atoms", "0-1", "--right-atoms", "10-11", "--output", tmp_path / "t.nc")
    assert main(["transmission", str(device), *map(str, (*places, *transmission))]) == 0
    expected = xarray.load_dataset(tmp_path / "t.nc").channels
    np.testing.assert_allclose(found.transmission, expected, rtol=1e-8)
    assert "<svg" in (tmp_path / "c.svg").read_text()


def test_every_observable_is_a_command(capsys):
    assert OBSERVABLES
    for kind in OBSERVABLES:
        with pytest.raises(SystemExit) as ended:
            main(["observe", kind, "--help"])
        assert ended.value.code == 0
        keys = set(OBSERVABLES[kind].Settings.model_fields) - {"kind"}
        text = capsys.readouterr().out
        assert all(f"-{key.replace('_', '-')}" in text for key in keys)


def test_a_bad_key_is_named_by_its_option(device, tmp_path, capsys):
    assert run("eigenchannels", device, "--count", 0, "--output", tmp_path / "c.nc") != 0
    assert "--count" in capsys.readouterr().err
    assert not (tmp_path / "c.nc").exists()
