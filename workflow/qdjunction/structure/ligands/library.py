"""The library of ligands: one YAML file each, with the SMILES that its geometries are made from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import Field

from qdjunction.core.errors import InputError
from qdjunction.core.schema import Section, validate
from qdjunction.core.yaml import read_yaml

FOLDER = "ligands"
"""Name of the library in the catalogue of dots."""


class Ligand(Section):
    """A molecule or ion that binds to a dot."""

    name: str
    """Name, that of its file."""
    smiles: str = Field(min_length=1)
    """The molecule or ion, as a single closed shell."""
    binds: tuple[int, ...] = Field(min_length=1)
    """Atoms of the SMILES, counted from 0, that bind to the dot: one, or the two oxygen atoms of a carboxylate."""
    other_end: tuple[int, ...] = ()
    """Atoms at the other end, which bind to a second dot or to gold; empty if it has none."""
    reference: str = ""
    """Where it comes from."""

    def ends(self, reverse: bool = False) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the atoms that bind and those of the other end; with `reverse` the two are exchanged.

        Raises
        ------
        InputError
            If there is no other end to exchange with.
        """
        if not reverse:
            return self.binds, self.other_end
        if not self.other_end:
            raise InputError(f"ligand '{self.name}' has no other end; add the key other_end to its file")
        return self.other_end, self.binds


def load_ligand(name: str, *folders: Path | None) -> Ligand:
    """Read a ligand from ``NAME.yaml`` in the first of `folders` that has it.

    Raises
    ------
    InputError
        If no folder has it, its file is wrong, or its SMILES is no molecule or ion with these atoms; names the file.
    """
    present = [folder for folder in folders if folder is not None]
    path = next((found for folder in present if (found := folder / f"{name}.yaml").is_file()), None)
    if path is None:
        known = sorted({found.stem for folder in present for found in folder.glob("*.yaml")})
        raise InputError(
            f"there is no ligand '{name}' in {' or '.join(map(str, present))}; there are {', '.join(known) or 'none'}. "
            f"Add {name}.yaml with its smiles and binds to a folder of your own and name that as ligand_folder"
        )
    content = read_yaml(path)
    if "name" in content:
        raise InputError(f"{path}: unknown key 'name'; a ligand is named by its file")
    ligand = validate(Ligand, {"name": name} | content, path)
    _check_atoms(ligand, path)
    return ligand


def ligand_files(folder: str | None, names: Iterable[str]) -> list[Path]:
    """Return the files in a folder of the user's own that define ligands of these names."""
    paths = (Path(folder) / f"{name}.yaml" for name in dict.fromkeys(names)) if folder else ()
    return [path for path in paths if path.is_file()]


def own_folder(folder: str | None) -> Path | None:
    """Return the folder of the user's own ligands.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    if folder and not Path(folder).is_dir():
        raise InputError(
            f"ligand_folder = '{folder}': there is no such folder in {Path.cwd()}; correct the path"
        )
    return Path(folder) if folder else None


def _check_atoms(ligand: Ligand, path: Path) -> None:
    from qdjunction.structure.molecule import topology

    try:
        symbols = topology(ligand.smiles, ion=True).symbols
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    heavy = sum(symbol != "H" for symbol in symbols)
    for key, atoms in (("binds", ligand.binds), ("other_end", ligand.other_end)):
        if wrong := [atom for atom in atoms if not 0 <= atom < heavy]:
            raise InputError(
                f"{path}: {key} = {list(atoms)}: the SMILES has no heavy atom {wrong[0]}; count its {heavy} atoms "
                "from 0"
            )
    if len({*ligand.binds, *ligand.other_end}) < len(ligand.binds) + len(ligand.other_end):
        raise InputError(f"{path}: an atom stands twice in binds and other_end; list each once")
