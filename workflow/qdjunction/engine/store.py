"""Electronic structures as netCDF files that sisl opens too.

``sisl.get_sile(path).read_hamiltonian()`` returns H and S with the Fermi energy at zero. Everything else is in the
group ``qdjunction`` of the same file.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import sisl
from ase import Atoms
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.files import absent, atomic_write
from qdjunction.core.provenance import Provenance
from qdjunction.engine.contract import ElectronicStructure, EngineInfo
from qdjunction.engine.registry import read_run
from qdjunction.structure.ligands.attach import FRAGMENT

_GROUP = "qdjunction"
_LAYOUT = 1


def write_electronic_structure(
    structure: ElectronicStructure, path: str | Path, provenance: Provenance | None = None
) -> None:
    """Write `structure` to `path`, atomically.

    Parameters
    ----------
    structure : ElectronicStructure
        The structure. ``atoms.info`` must be plain values, lists, dicts and arrays. A calculator and
        constraints of the atoms are not kept.
    path : str or Path
        The netCDF file; its suffix must be ``.nc``, by which sisl recognises it.
    provenance : Provenance, optional
        Stored as JSON in the attribute ``provenance`` of the file.

    Raises
    ------
    InputError
        When the suffix is not ``.nc``.
    """
    path = Path(path)
    if path.suffix != ".nc":
        raise InputError(f"{path}: an electronic structure is written to a file that ends in .nc; rename it.")
    atoms, hamiltonian = structure.atoms, structure.hamiltonian
    with atomic_write(path) as temporary:
        with sisl.get_sile(temporary, mode="w") as sile:
            sile.write_hamiltonian(hamiltonian, Ef=0.0)
        with netCDF4.Dataset(temporary, "a") as file:
            file.provenance = json.dumps(provenance.values if provenance else {})
            group = file.createGroup(_GROUP)
            group.layout = _LAYOUT
            group.engine = json.dumps(asdict(structure.engine))
            group.info = json.dumps(atoms.info, default=_plain)
            group.pbc = atoms.pbc.astype("i4")
            for name, size in (("atom", len(atoms)), ("level", len(structure.eigenvalues_ev)), ("xyz", 3)):
                group.createDimension(name, size)
            group.createDimension("orbital", hamiltonian.no)
            _put(group, "cell", ("xyz", "xyz"), "Ang", atoms.cell.array)
            _put(group, "tags", ("atom",), "1", atoms.get_tags())
            _put(group, "valence_electrons", ("atom",), "1", structure.valence_electrons)
            if structure.forces_ev_per_ang is not None:
                _put(group, "forces", ("atom", "xyz"), "eV/Ang", structure.forces_ev_per_ang)
            if atoms.has(FRAGMENT):
                _put(group, FRAGMENT, ("atom",), "1", atoms.arrays[FRAGMENT])
            _put(group, "eigenvalues", ("level",), "eV", structure.eigenvalues_ev)
            _put(group, "energy", (), "eV", np.float64(structure.energy_ev))
            _put(group, "fermi_energy", (), "eV", np.float64(structure.fermi_energy_ev))
            orbitals = group.createVariable("orbitals", str, ("orbital",))
            orbitals[:] = np.array(
                [_name(orbital) for orbital in _all_orbitals(hamiltonian.geometry)], dtype=object
            )


def is_store(path: str | Path) -> bool:
    """Return whether `path` is a file that `write_electronic_structure` wrote."""
    try:
        with netCDF4.Dataset(path) as file:
            return _GROUP in file.groups
    except (OSError, RuntimeError):
        return False


def read_store_or_run(path: str | Path) -> ElectronicStructure:
    """Return H and S of a file of `write_electronic_structure`, or of the folder of an engine's finished run.

    Raises
    ------
    InputError
        If `path` is neither of them.
    EngineError
        If the run failed or its files do not belong together.
    """
    return read_run(path) if Path(path).is_dir() else read_electronic_structure(path)


def read_electronic_structure(path: str | Path) -> ElectronicStructure:
    """Read what `write_electronic_structure` wrote.

    Parameters
    ----------
    path : str or Path
        The netCDF file.

    Raises
    ------
    InputError
        When there is no such file, it is damaged, or it was not written by qdjunction.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: {absent(path)}.")
    try:
        with netCDF4.Dataset(path) as file:
            if _GROUP not in file.groups:
                raise InputError(
                    f"{path}: this netCDF file has no group {_GROUP!r}; "
                    "write one with 'qdjunction hamiltonian'."
                )
            group = file[_GROUP]
            if group.layout != _LAYOUT:
                raise InputError(
                    f"{path}: its layout is number {group.layout}, this version reads {_LAYOUT}; "
                    "compute the file again."
                )
            values = {name: group[name][...].data for name in _NUMBERS}
            forces = group["forces"][...].data if "forces" in group.variables else None
            fragments = group[FRAGMENT][...].data if FRAGMENT in group.variables else None
            names = [str(name) for name in group["orbitals"][:]]
            info, engine, pbc = json.loads(group.info), json.loads(group.engine), group.pbc.astype(bool)
        # Closed at once: netCDF files that the garbage collector closes later have crashed the next one to be opened.
        with sisl.get_sile(path) as sile:
            hamiltonian = sile.read_hamiltonian()
    except InputError:
        raise
    except Exception as error:  # on damaged files netCDF4, json and sisl raise any kind of exception
        raise InputError(
            f"{path}: this is not a complete netCDF file of an electronic structure ({error}); compute it again."
        ) from error

    geometry = hamiltonian.geometry
    atoms = Atoms(
        geometry.atoms.Z, geometry.xyz, cell=values["cell"], pbc=pbc, tags=values["tags"], info=info
    )
    if fragments is not None:
        atoms.set_array(FRAGMENT, fragments)
    return ElectronicStructure(
        atoms=atoms,
        hamiltonian=_with_orbitals(hamiltonian, names),
        fermi_energy_ev=float(values["fermi_energy"]),
        eigenvalues_ev=values["eigenvalues"],
        valence_electrons=values["valence_electrons"],
        energy_ev=float(values["energy"]),
        forces_ev_per_ang=forces,
        engine=EngineInfo(**engine),
    )


def read_levels(path: str | Path) -> tuple[float, float]:
    """Read only HOMO and LUMO (eV, relative to the Fermi energy), for tables of many files.

    Raises
    ------
    InputError
        When the file is not what `write_electronic_structure` writes.
    """
    try:
        with netCDF4.Dataset(path) as file:
            group = file[_GROUP]
            levels = group["eigenvalues"][...].data
            homo = round(float(group["valence_electrons"][...].sum()) / 2) - 1
            return float(levels[homo]), float(levels[homo + 1])
    except (OSError, RuntimeError, KeyError, IndexError) as error:
        raise InputError(f"{path}: holds no electronic structure ({error}); compute it again.") from error


_NUMBERS = ("cell", "tags", "valence_electrons", "eigenvalues", "energy", "fermi_energy")


def _put(
    group: netCDF4.Group, name: str, dimensions: tuple[str, ...], unit: str, values: NDArray[Any] | np.float64
) -> None:
    variable = group.createVariable(name, np.asarray(values).dtype, dimensions)
    variable.units = unit
    variable[...] = values


def _plain(value: Any) -> Any:
    """Return what JSON can hold of a NumPy value."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"atoms.info holds a {type(value).__name__}, which cannot be written as JSON")


def _all_orbitals(geometry: sisl.Geometry) -> list[sisl.Orbital]:
    return [orbital for atom in geometry.atoms for orbital in atom.orbitals]


def _name(orbital: sisl.Orbital) -> str:
    return orbital.name() if isinstance(orbital, sisl.AtomicOrbital) else ""


def _with_orbitals(hamiltonian: sisl.Hamiltonian, names: list[str]) -> sisl.Hamiltonian:
    """Return `hamiltonian` with its orbitals named again; sisl's netCDF format keeps only their number on each atom."""
    geometry = hamiltonian.geometry
    atoms = []
    for atom, first in zip(geometry.atoms, geometry.firsto[:-1], strict=True):
        own = [
            sisl.AtomicOrbital(name) if name else sisl.Orbital(-1.0)
            for name in names[first : first + atom.no]
        ]
        atoms.append(sisl.Atom(atom.Z, own, tag=atom.tag))
    named = sisl.Geometry(geometry.xyz, atoms, lattice=geometry.lattice)
    return sisl.Hamiltonian.fromsp(named, hamiltonian, S=hamiltonian)
