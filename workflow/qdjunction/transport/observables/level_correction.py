"""T(E) with the levels of the dot shifted by chosen energies (scissor operator, DFT+Sigma)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from qdjunction.core.errors import InputError
from qdjunction.core.schema import Section
from qdjunction.transport.axis import normal
from qdjunction.transport.device import Device, dense, level_sets, solve_eigenproblem
from qdjunction.transport.image_charge import image_energy, point_image_energy
from qdjunction.transport.observables.contract import (
    JunctionContext,
    Observable,
    ObservableSettings,
    dataset,
    draw_against_energy,
    energy_axis,
    quantity,
)
from qdjunction.transport.transmission import transmission

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def correct_levels(
    device: Device, dot: ArrayLike, occupied: int, occupied_shift_ev: float, unoccupied_shift_ev: float
) -> Device:
    """Shift the levels of the dot's block (scissor operator, DFT+Sigma).

    ``H_D + S_D (sum_n psi_n d_n psi_n^dagger) S_D`` with the first shift for the occupied orbitals and the
    second for the others. Metal and coupling stay as they are. A correction is a choice, not a result: show
    it beside the uncorrected T(E).

    Parameters
    ----------
    device : Device
        The junction.
    dot : array of int
        Device orbitals of the dot.
    occupied : int
        Number of occupied orbitals of the dot.
    occupied_shift_ev, unoccupied_shift_ev : float
        Energies to add to their levels (eV), usually negative and positive.

    Returns
    -------
    Device
        The junction with the dot's block changed.

    Raises
    ------
    InputError
        If `occupied` is not between 0 and the number of orbitals.

    Notes
    -----
    Source: S. Y. Quek et al., Nano Lett. 7, 3477 (2007); J. B. Neaton, M. S. Hybertsen, S. G. Louie, Phys.
    Rev. Lett. 97, 216405 (2006).
    """
    orbitals = np.asarray(dot, dtype=np.int64)
    if not 0 <= occupied <= len(orbitals):
        raise InputError(f"level correction: {occupied} occupied orbitals of {len(orbitals)}")
    S = device.block("S", orbitals)
    _, states = solve_eigenproblem(device.block("H", orbitals), S)
    shifts = np.where(np.arange(len(orbitals)) < occupied, occupied_shift_ev, unoccupied_shift_ev)
    dual = S @ states
    H = dense(device.H).copy()
    H[np.ix_(orbitals, orbitals)] += (dual * shifts) @ dual.conj().T
    return replace(device, H=H, cell=None)


Shift = Annotated[float, Field(ge=-10, le=10)]

NEAREST_ANG = 0.5
"""Least height of a charge above an image plane (Ang); nearer, the energy of a classical image means nothing."""

STRAY_CHARGE_E = 0.01
"""Largest charge (e) of an orbital that may lie beyond that height, and is left out."""


class LevelShifts(Section):
    """Energies that are added to the levels of the dot (scissor operator)."""

    occupied_shift_ev: Shift
    """Energy to add to the occupied levels of the dot (eV), usually negative; gaps are narrower than 10 eV."""
    unoccupied_shift_ev: Shift
    """Energy to add to the others (eV), usually positive; gaps are narrower than 10 eV."""


class LevelCorrectionSettings(LevelShifts, ObservableSettings):
    """T(E) with the levels of the dot shifted by chosen energies, shown beside the uncorrected T(E)."""

    kind: Literal["level-correction"] = "level-correction"
    """T(E) with corrected levels of the dot, at the energies of T(E)."""
    occupied: int | None = Field(default=None, ge=0)
    """Number of occupied orbitals of the dot; by default half its valence electrons, with one more for each hydrogen
    that an anchor has lost, or, if the file does not state them, the number of its levels below the Fermi energy."""
    image_charge: Literal["none", "point", "orbital"] = "none"
    """What is screened by two metal planes, which moves occupied levels up and the others down: nothing; one electron
    charge at the centre of the dot; or the Mulliken charges of HOMO and LUMO. Add the shifts of the isolated dot to
    it: with the shifts of a dot in the junction, leave it out."""
    image_plane_ang: float = Field(default=1.0, ge=0, le=3)
    """Distance of the image planes from the outermost metal nuclei, towards the dot (Ang), at most about that of two
    metal atoms. 1 Ang is a usual choice for gold; for jellium (Lang, Kohn, Phys. Rev. B 7, 3541 (1973)) it is half a
    layer and 0.7 Ang, 1.9 Ang for Au(111)."""


@dataclass(frozen=True, eq=False)
class ImagePlanes:
    """The two image planes of a junction, and its atoms between them.

    Attributes
    ----------
    gap_ang : float
        Distance of the planes (Ang).
    heights_ang : (n_atoms,) array
        Heights of the atoms above the left plane (Ang).
    across_ang : (n_atoms, 2) array
        Positions of the atoms along the planes (Ang).
    """

    gap_ang: float
    heights_ang: NDArray[np.float64]
    across_ang: NDArray[np.float64]

    @classmethod
    def of(cls, context: JunctionContext, plane_ang: float) -> ImagePlanes:
        """Put the planes in front of the outermost metal atoms of either side.

        They lie across the line from the middle of the left metal to that of the right one or, in a cell that repeats
        across the transport direction, across that direction.

        Raises
        ------
        InputError
            If not every atom of the dot lies between the outermost metal atoms: the metals do not face each other.
        """
        geometry = context.hamiltonian.geometry
        left, right = (geometry.xyz[metal] for metal in (context.left_metal, context.right_metal))
        line = right.mean(axis=0) - left.mean(axis=0)
        if np.any(geometry.nsc > 1):
            across_cell = normal(geometry.cell, context.axis)
            line = across_cell * np.sign(line @ across_cell)
        basis = np.linalg.svd(line[None])[2]
        basis[0] = line / np.linalg.norm(line)
        along, *across = basis @ geometry.xyz.T
        first, last = along[context.left_metal].max(), along[context.right_metal].min()
        dot = np.setdiff1d(np.arange(geometry.na), np.concatenate([context.left_metal, context.right_metal]))
        gap = last - first - 2 * plane_ang
        if gap <= 0 or along[dot].min() < first or along[dot].max() > last:
            raise InputError(
                "level correction: image_charge takes two parallel planes with the dot between them, and here the dot "
                "reaches beyond the metal of a side; leave image_charge out and set the shifts"
            )
        return cls(float(gap), along - first - plane_ang, np.transpose(across))

    def energy_of_point(self, atoms: NDArray[np.int64]) -> float:
        """Return the energy of one electron charge in the middle of some atoms and of its images (eV)."""
        height = self.heights_ang[atoms].mean()
        self._check(min(height, self.gap_ang - height) < NEAREST_ANG)
        return float(point_image_energy(height, self.gap_ang))

    def energy_of(self, charges_e: NDArray[np.float64]) -> float:
        """Return the energy of the charges of all atoms, (n_atoms,), and of their images (eV)."""
        inside = np.minimum(self.heights_ang, self.gap_ang - self.heights_ang) >= NEAREST_ANG
        self._check(np.abs(charges_e[~inside]).sum() > STRAY_CHARGE_E)
        held = inside & (charges_e != 0)
        return image_energy(charges_e[held], self.heights_ang[held], self.across_ang[held], self.gap_ang)

    def _check(self, too_near: bool) -> None:
        if too_near:
            raise InputError(
                f"level correction: a charge of the dot lies within {NEAREST_ANG:g} Ang of an image plane or beyond; "
                "lower image_plane_ang, or leave image_charge out and set the shifts"
            )


def compute(context: JunctionContext, settings: LevelCorrectionSettings) -> xarray.Dataset:
    """Return T(E) with and without the correction, averaged over k, with the frontier levels and their shifts."""
    planes = None if settings.image_charge == "none" else ImagePlanes.of(context, settings.image_plane_ang)
    shifts = np.array([settings.occupied_shift_ev, settings.unoccupied_shift_ev])
    corrected, levels, images = np.zeros(len(context.energies_ev)), np.zeros(2), np.zeros(2)
    for weight, (device, left, right) in context.solved():
        metal = np.concatenate(context.metal_orbitals(device))
        dot = np.setdiff1d(np.arange(device.n_orbitals), metal)
        occupied = _occupied(context, device, dot) if settings.occupied is None else settings.occupied
        frontier, image = _frontier(device, dot, occupied, planes, settings.image_charge)
        shifted = correct_levels(device, dot, occupied, *(shifts + image))
        corrected += weight * transmission(shifted, left, right, context.energies_ev).transmission
        levels += weight * frontier
        images += weight * image
    frontiers = {
        "level": (levels, "level of the dot's own block, uncorrected, relative to the Fermi energy"),
        "shift": (shifts + images, "energy added to this level and those on its side of the gap"),
        "image_charge": (images, "part of the shift that images of the charge make"),
    }
    variables = {
        "corrected": quantity("energy", corrected, "1", "transmission with the levels of the dot shifted"),
        "uncorrected": quantity("energy", context.transmission.transmission, "1", "transmission"),
    } | {name: quantity("frontier", values, "eV", text) for name, (values, text) in frontiers.items()}
    coordinates = {
        "energy": energy_axis(context.energies_ev),
        "frontier": quantity("frontier", ["HOMO", "LUMO"], "1", "frontier level"),
    }
    return dataset(variables, coordinates)


def _frontier(
    device: Device,
    dot: NDArray[np.int64],
    occupied: int,
    planes: ImagePlanes | None,
    screened: Literal["none", "point", "orbital"],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return HOMO and LUMO of the dot (eV; nan where there is none) and what images add to either (eV)."""
    S = device.block("S", dot)
    levels, states = solve_eigenproblem(device.block("H", dot), S)
    frontier, images = np.full(2, np.nan), np.zeros(2)
    for side, index in enumerate((occupied - 1, occupied)):
        if not 0 <= index < len(levels):
            continue
        frontier[side] = levels[index]
        if planes is None:
            continue
        atoms = device.orbital_atoms[dot]
        if screened == "point":
            energy = planes.energy_of_point(np.unique(atoms))
        else:
            # An electron spreads alike over degenerate orbitals, each of which is arbitrary.
            alike = states[:, next(one for one in level_sets(levels) if one.start <= index < one.stop)]
            weights = (alike.conj() * (S @ alike)).real.mean(axis=1)
            charges = np.bincount(atoms, weights, len(planes.heights_ang))
            energy = planes.energy_of(np.asarray(charges, dtype=np.float64))
        images[side] = -energy if side == 0 else energy
    return frontier, images


def _occupied(context: JunctionContext, device: Device, dot: NDArray[np.int64]) -> int:
    """Return the number of occupied orbitals of the dot, with one electron in each for spinors and otherwise two.

    Raises
    ------
    InputError
        If its valence electrons are not pairs.
    """
    if context.electrons is None:
        levels, _ = solve_eigenproblem(device.block("H", dot), device.block("S", dot))
        return int((levels < 0).sum())
    electrons = float(context.electrons[np.unique(device.orbital_atoms[dot])].sum())
    occupied = electrons * device.n_spins / 2
    if occupied % 1:
        raise InputError(
            f"level correction: the dot has {electrons:g} valence electrons, which are no pairs; set `occupied`"
        )
    return round(occupied)


def draw(data: xarray.Dataset, axes: Axes) -> None:
    """Draw T(E) with and without the correction."""
    below, above = data["shift"].values
    shifted = f"occupied levels {below:+.2f} eV, others {above:+.2f} eV".replace("-", "\N{MINUS SIGN}")
    draw_against_energy(data, axes, uncorrected="uncorrected", corrected=shifted)
    axes.set_ylabel("T(E)")


KIND = Observable(
    "level-correction",
    "Transmission with corrected levels",
    "Transmission as computed, and with the levels of the dot shifted by the chosen energies.",
    LevelCorrectionSettings,
    compute,
    draw,
)
