"""A quasi-static slide of the right tip along a dot, from files to files."""

import logging
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray
from ase import Atoms
from ase.constraints import FixAtoms
from numpy.typing import NDArray

from qdjunction.core.errors import EngineError, InputError, MachineError, StructureError
from qdjunction.core.files import atomic_write, write_json, write_table
from qdjunction.core.provenance import digest, digests, provenance
from qdjunction.core.results import read_json, read_result
from qdjunction.core.resume import resume, task_key
from qdjunction.engine.contract import Engine
from qdjunction.engine.store import read_electronic_structure
from qdjunction.interference.settings import InterferenceSettings, headline_text
from qdjunction.steps.electronic import hamiltonian
from qdjunction.steps.interference import frontier_of_study
from qdjunction.steps.structure import require_converged
from qdjunction.steps.transport import transmission_of_study
from qdjunction.structure.integrity import examine
from qdjunction.structure.junction import check_closed_shell, dot_atoms
from qdjunction.structure.junction_relaxation import held_in_junction
from qdjunction.structure.slide import changed_gold_bonds, pull_force, pulled, reach, slide_direction
from qdjunction.structure.slide_settings import SlideSettings
from qdjunction.structure.xyz import read_structure, write_structure
from qdjunction.study import layout
from qdjunction.study.config import TransportSettings
from qdjunction.study.results import FrontierRecord, SlideRecord, SlideStep
from qdjunction.traces.few_points import RISE_NM, Rise, largest_rise
from qdjunction.traces.settings import JumpSettings
from qdjunction.transport import Transmission, conductance, read_transmission
from qdjunction.transport.transmission import write_dataset

log = logging.getLogger(__name__)


def slide(
    structure: str | Path,
    settings: SlideSettings,
    fmax_ev_per_ang: float,
    max_steps: int,
    transport: TransportSettings,
    interference: InterferenceSettings,
    engine: Engine,
    workdir: str | Path,
    cache: str | Path,
    table: str | Path,
    summary: str | Path,
    transmissions: str | Path,
    path: str | Path,
) -> None:
    """Pull the right tip of a junction along the dot, relax it at every step, and write energy, force and T(E).

    Step 0 is the junction itself, relaxed with all atoms free but the lead layers of both tips. Every other step starts
    from the relaxed geometry of the one before, with the right tip moved by a step. The force is that on the held gold
    of the right tip along the pull (`pull_force`). Conductances are those at the study's temperature, at the headline
    energy counted from the levels of the dot at the same step. What `workdir` keeps of an earlier call is not computed
    again; a relaxation that was killed resumes from its last step.

    A bond that breaks is no error: it is recorded. A step whose relaxation or SCF does not converge ends the slide
    before it, with the reason in the record.

    Parameters
    ----------
    structure : path
        The junction.
    settings : SlideSettings
        Direction, steps.
    fmax_ev_per_ang, max_steps : float, int
        Threshold of the force (eV/Ang) and maximum number of steps of each relaxation.
    transport : TransportSettings
        Energies, leads and temperature of T(E).
    interference : InterferenceSettings
        The headline energy.
    engine : Engine
        Engine of energies, forces, H and S.
    workdir, cache : path
        Working folder, and that of what leads keep.
    table, summary, transmissions, path : path
        The files to write: ``slide.csv``, ``slide.json``, T(E) of every step as netCDF, the relaxed geometries as
        extended XYZ with one frame a step.

    Raises
    ------
    StructureError
        If the direction cannot be found, or the junction has an odd number of electrons.
    EngineError
        If the first relaxation or SCF does not converge, or the engine writes no forces.
    """
    start = read_structure(structure)
    try:
        check_closed_shell(start)
        direction = slide_direction(start, settings.towards, settings.direction)
    except StructureError as error:
        raise StructureError(f"{structure}: {error}") from None
    pull = _Pull(
        start, direction, settings, fmax_ev_per_ang, max_steps, transport, interference, engine, Path(workdir), cache
    )  # fmt: skip
    steps, ended = pull.run()
    folders = [pull.folder(one.step) for one in steps]
    _write_transmissions(steps, folders, structure, transmissions)
    with atomic_write(path) as temporary:
        frames = [(folder / layout.RELAXED).read_text(encoding="utf-8") for folder in folders]
        temporary.write_text("".join(frames), encoding="utf-8")
    write_table(slide_table(steps), table)
    rise = largest_rise([one.displacement_ang / 10 for one in steps], _levels(steps))
    sentence = slide_sentence(steps, rise)
    log.info("%s", sentence)
    SlideRecord(
        junction=settings.junction,
        left=start.info["left"],
        right=start.info["right"],
        towards=settings.towards,
        direction=tuple(direction.tolist()),
        step_ang=settings.step_ang,
        headline=headline_text(interference.reference, interference.offset_ev),
        temperature_k=transport.temperature_k,
        steps=tuple(steps),
        rise=rise,
        sentence=sentence,
        ended=ended,
        engine=engine.info,
        provenance=provenance(
            inputs=digests(structure),
            settings={
                **settings.model_dump(mode="json"),
                "fmax_ev_per_ang": fmax_ev_per_ang,
                "max_steps": max_steps,
                "transport": transport.model_dump(mode="json", exclude={"observables"}),
                "interference": interference.headline,
            },
        ),
    ).write(summary)


def slide_table(steps: Sequence[SlideStep]) -> pd.DataFrame:
    """Return the numbers of the steps, with the energy relative to the first one; ``slide.csv``."""
    return pd.DataFrame(
        {
            "step": [one.step for one in steps],
            "displacement_ang": [one.displacement_ang for one in steps],
            "energy_eV": [one.energy_ev - steps[0].energy_ev for one in steps],
            "force_eV_per_ang": [one.force_ev_per_ang for one in steps],
            "conductance_G0": [one.conductance_g0 for one in steps],
            "conductance_at_fermi_G0": [one.conductance_at_fermi_g0 for one in steps],
            "homo_eV": [one.homo_ev for one in steps],
            "lumo_eV": [one.lumo_ev for one in steps],
            "distance_ang": [one.distance_ang for one in steps],
            "towards_ang": [one.towards_ang for one in steps],
            "broken": [len(one.broken) for one in steps],
            "formed": [len(one.formed) for one in steps],
        }
    )


def slide_sentence(steps: Sequence[SlideStep], rise: Rise | None) -> str:
    """Return in words the largest rise of the conductance, and where the first bonds change."""
    parts = []
    if rise is None or rise.decades < 0.01:
        parts.append(
            f"the conductance rises by less than 0.01 decades within {RISE_NM:g} nm anywhere on the slide"
        )
    else:
        settings = JumpSettings()
        foot = f"{steps[rise.foot].displacement_ang:.2f} Ang, where log10(G/G0) is {_levels(steps)[rise.foot]:.2f}"
        verdict = "which is a jump by the published rule"
        if not rise.is_high:
            verdict = f"less than the {settings.rise_decades:g} of a jump"
        elif not rise.has_foot:
            verdict = (
                "as high as a jump of the published rule, which counts feet from "
                f"{settings.foot_lower_log10_g:g} to {settings.foot_upper_log10_g:g} only"
            )
        parts.append(
            f"the largest rise within {RISE_NM:g} nm is {rise.decades:.2f} decades at {foot}: {verdict}"
        )
    for what, of in (("break", "broken"), ("form", "formed")):
        first = next((one for one in steps if getattr(one, of)), None)
        if first is not None:
            bonds = ", ".join(getattr(first, of))
            parts.append(f"bonds of gold {what} from {first.displacement_ang:.2f} Ang on ({bonds})")
    first = next((one for one in steps if one.findings), None)
    if first is not None:
        parts.append(
            f"the dot has changed from {first.displacement_ang:.2f} Ang on ({'; '.join(first.findings)})"
        )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _levels(steps: Sequence[SlideStep]) -> list[float]:
    """Return log10(G/G0) at the headline energy; nan where it is not known."""
    return [math.log10(one.conductance_g0) if one.conductance_g0 > 0 else math.nan for one in steps]


@dataclass(frozen=True)
class _Pull:
    """A slide and what each of its steps is computed with; arguments as for `slide`."""

    start: Atoms
    direction: NDArray[np.float64]
    settings: SlideSettings
    fmax_ev_per_ang: float
    max_steps: int
    transport: TransportSettings
    interference: InterferenceSettings
    engine: Engine
    workdir: Path
    cache: str | Path

    def folder(self, step: int) -> Path:
        """Return the working folder of a step."""
        return self.workdir / f"{step:03d}"

    def run(self) -> tuple[list[SlideStep], str]:
        """Return the steps, and why they ended before the last one; empty if they did not."""
        atoms, steps = self.start, list[SlideStep]()
        step_ang = self.settings.step_ang
        for number in range(self.settings.steps + 1):
            if number:
                atoms = pulled(atoms, step_ang * self.direction)
            log.info("step %d of %d: tip at %.2f Ang", number, self.settings.steps, number * step_ang)
            here = self.folder(number)
            try:
                atoms = self._relaxed(atoms, here)
                hamiltonian(
                    here / layout.RELAXED,
                    self.engine,
                    here / "scf",
                    here / layout.HAMILTONIAN,
                    density_from=here / "relax",
                )
            except MachineError:
                raise
            except EngineError as error:
                if not steps:
                    raise
                ended = f"ended after {step_ang * (number - 1):.2f} Ang: {error}"
                log.warning("%s", ended)
                return steps, ended
            steps.append(self._step(number, atoms, here))
        return steps, ""

    def _relaxed(self, atoms: Atoms, here: Path) -> Atoms:
        """Return a junction relaxed with its leads held, computed once; written to `layout.RELAXED`."""
        here.mkdir(parents=True, exist_ok=True)
        begin = here / "start.extxyz"
        atoms = atoms.copy()
        atoms.info.pop("relaxed", None)
        write_structure(atoms, begin)

        def compute(output: Path, record: Path) -> None:
            # As the file has it, so that a later call resumes from the same positions.
            held = read_structure(begin)
            held.set_constraint(FixAtoms(held_in_junction(held, "junction")))
            result = self.engine.relax(held, here / "relax", self.fmax_ev_per_ang, self.max_steps)
            require_converged(result, begin, here / "relax")
            result.atoms.set_constraint()
            write_structure(result.atoms, output)
            write_json({"steps": result.steps, "fmax_ev_per_ang": result.fmax_ev_per_ang}, record)

        task = task_key(
            map(digest, [begin, *self.engine.inputs(atoms)]),
            engine=asdict(self.engine.info),
            fmax_ev_per_ang=self.fmax_ev_per_ang,
        )
        resume([here / layout.RELAXED, here / layout.RELAXATION], here / "kept", task, compute)
        return read_structure(here / layout.RELAXED)

    def _step(self, number: int, atoms: Atoms, here: Path) -> SlideStep:
        """Compute T(E) and levels of a relaxed step, and return its numbers."""
        matrices = here / layout.HAMILTONIAN
        spectrum, frontier = here / layout.TRANSMISSION, here / layout.FRONTIER
        transmission_of_study(matrices, self.transport, spectrum, self.cache, here / "transmission")
        frontier_of_study(matrices, self.interference, frontier, here / "frontier")
        electrons = read_electronic_structure(matrices)
        if electrons.forces_ev_per_ang is None:
            raise EngineError(
                f"{here}: the engine '{electrons.engine.name}' has written no forces, and a slide needs them; take "
                "another engine, or leave slide out"
            )
        levels, result = read_result(FrontierRecord, frontier), read_transmission(spectrum)
        relaxation = read_json(here / layout.RELAXATION)
        headline = self.interference.headline_energy(levels.homo_ev, levels.lumo_ev)
        broken, formed = changed_gold_bonds(atoms, self.start)
        dots = atoms[dot_atoms(atoms)], self.start[dot_atoms(self.start)]
        towards = self.settings.towards
        return SlideStep(
            step=number,
            displacement_ang=round(number * self.settings.step_ang, 6),
            energy_ev=electrons.energy_ev,
            force_ev_per_ang=pull_force(atoms, electrons.forces_ev_per_ang, self.direction),
            conductance_g0=_conductance(result, self.transport.temperature_k, headline),
            conductance_at_fermi_g0=_conductance(result, self.transport.temperature_k, 0.0),
            homo_ev=levels.homo_ev,
            lumo_ev=levels.lumo_ev,
            distance_ang=reach(atoms, self.start.info["right"]),
            towards_ang=reach(atoms, towards) if towards else np.nan,
            broken=tuple(broken),
            formed=tuple(formed),
            findings=tuple(examine(*dots).findings),
            relaxation_steps=relaxation["steps"],
            fmax_ev_per_ang=relaxation["fmax_ev_per_ang"],
        )


def _conductance(result: Transmission, temperature_k: float, fermi_ev: float) -> float:
    """Return the thermal conductance (G0); nan where T(E) does not cover it."""
    try:
        return float(conductance(result, temperature_k, fermi_ev))
    except InputError as error:
        log.warning("no conductance at %.2f eV: %s", fermi_ev, error)
        return np.nan


def _write_transmissions(
    steps: Sequence[SlideStep], folders: Sequence[Path], structure: str | Path, output: str | Path
) -> None:
    """Write T(E) over displacement and energy."""
    displacement = xarray.Variable(
        "displacement",
        [one.displacement_ang for one in steps],
        {"units": "Ang", "long_name": "displacement of the right tip"},
    )
    results = [read_transmission(folder / layout.TRANSMISSION) for folder in folders]
    spectra = [one.to_dataset()[["transmission"]] for one in results]
    dataset = xarray.concat(spectra, dim=displacement)
    dataset.attrs = {}
    write_dataset(dataset, output, {"provenance": provenance(inputs=digests(structure), settings={}).values})
