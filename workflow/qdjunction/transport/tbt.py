"""T(E) in the format of a TBtrans result, which ``sisl.get_sile("x.TBT.nc")`` opens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from qdjunction.core.errors import InputError
from qdjunction.core.files import atomic_write
from qdjunction.transport.kpoints import KAverage
from qdjunction.transport.transmission import Transmission

if TYPE_CHECKING:
    import netCDF4
    import sisl


def write_tbt(
    result: Transmission | KAverage,
    path: str | Path,
    geometry: sisl.Geometry,
    left_atoms: ArrayLike,
    right_atoms: ArrayLike,
) -> Path:
    """Write T(E) as a ``.TBT.nc`` with two electrodes, Left and Right.

    Energies are stored in Ry and lengths in Bohr, converted with sisl's constants, so that sisl reads the given values.

    Parameters
    ----------
    result : Transmission or KAverage
        Result to write, with its eigenchannel transmissions if it has them.
    path : str or Path
        File to write, atomically; its name must end in ``.TBT.nc``.
    geometry : sisl.Geometry
        The device with its leads.
    left_atoms, right_atoms : array of int
        Atoms of the lead regions, counted from 0.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    InputError
        If the name does not end in ``.TBT.nc``, or an atom is not in the geometry.
    """
    path = Path(path)
    if not path.name.endswith(".TBT.nc"):
        raise InputError(f"{path}: sisl recognises the format by the name, which must end in .TBT.nc")
    sides = {"Left": np.asarray(left_atoms, dtype=int), "Right": np.asarray(right_atoms, dtype=int)}
    for side, atoms in sides.items():
        if atoms.size and not 0 <= atoms.min() <= atoms.max() < geometry.na:
            raise InputError(
                f"{side} atoms {atoms.min()} to {atoms.max()}: the geometry has {geometry.na} atoms"
            )
    at_k = result.at_k if isinstance(result, KAverage) else (result,)
    k_points = result.k_points if isinstance(result, KAverage) else np.zeros((1, 3))
    weights = result.weights if isinstance(result, KAverage) else np.ones(1)
    orbitals = np.arange(geometry.no)
    energies = at_k[0].energies_ev
    order = np.argsort(energies, kind="stable")
    import netCDF4
    import sisl

    ry, bohr = sisl.unit_convert("eV", "Ry"), sisl.unit_convert("Ang", "Bohr")
    with atomic_write(path) as temporary, netCDF4.Dataset(temporary, "w") as file:
        file.source = "qdjunction"
        file.Gamma = "false" if k_points.any() else "true"
        _dimensions(
            file, no_u=geometry.no, na_u=geometry.na, nkpt=len(weights), xyz=3, one=1, na_d=geometry.na
        )
        _dimensions(file, no_d=geometry.no, ne=len(order), n_s=1, n_btd=1)
        _variable(file, "lasto", "i4", ("na_u",), geometry.lasto + 1)
        _variable(file, "cell", "f8", ("xyz", "xyz"), geometry.cell * bohr, "Bohr")
        _variable(file, "xa", "f8", ("na_u", "xyz"), geometry.xyz * bohr, "Bohr")
        _variable(file, "isc_off", "i4", ("n_s", "xyz"), np.zeros((1, 3)))
        _variable(file, "nsc", "i4", ("xyz",), np.ones(3))
        _variable(file, "pivot", "i4", ("no_d",), orbitals + 1)
        _variable(file, "btd", "i4", ("n_btd",), [geometry.no])
        _variable(file, "a_dev", "i4", ("na_d",), np.arange(geometry.na) + 1)
        _variable(file, "kpt", "f8", ("nkpt", "xyz"), k_points, "b")
        _variable(file, "wkpt", "f8", ("nkpt",), weights)
        _variable(file, "E", "f8", ("ne",), energies[order] * ry, "Ry")
        _variable(file, "eta", "f8", ("one",), [0.0], "Ry")
        for (side, atoms), description in zip(sides.items(), at_k[0].leads, strict=True):
            group = file.createGroup(side)
            group.lead = description
            own = geometry.a2o(atoms, all=True)
            _dimensions(group, na=len(atoms), na_down=len(atoms), no_down=len(own), n_btd=1, no_e=len(own))
            _variable(group, "a", "i4", ("na",), atoms + 1)
            _variable(group, "a_down", "i4", ("na_down",), atoms + 1)
            _variable(group, "bloch", "i4", ("xyz",), np.ones(3))
            _variable(group, "pivot_down", "i4", ("no_down",), own + 1)
            _variable(group, "btd", "i4", ("n_btd",), [len(own)])
            _variable(group, "pivot", "i4", ("no_e",), own + 1)
            for name in ("mu", "kT", "eta", "Accuracy"):
                _variable(group, name, "f8", ("one",), [0.0], "Ry")
        values = np.array([one.transmission[order] for one in at_k])
        _variable(file["Left"], "Right.T", "f8", ("nkpt", "ne"), values, "G0")
        if at_k[0].channels is not None:
            channels = np.array([one.channels[order] for one in at_k if one.channels is not None])
            _dimensions(file, neig=channels.shape[-1])
            _variable(file["Left"], "Right.T.Eig", "f8", ("nkpt", "ne", "neig"), channels, "G0")
    return path


def _dimensions(group: netCDF4.Dataset, **sizes: int) -> None:
    for name, size in sizes.items():
        group.createDimension(name, size)


def _variable(
    group: netCDF4.Dataset,
    name: str,
    kind: str,
    dimensions: tuple[str, ...],
    values: ArrayLike,
    unit: str = "",
) -> None:
    variable = group.createVariable(name, kind, dimensions)
    if unit:
        variable.unit = unit
    variable[:] = values
