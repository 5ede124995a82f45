"""How much work members and variants add to a study, in words."""

from collections import Counter

from qdjunction.engine.registry import ENGINES
from qdjunction.structure.settings import computed_points
from qdjunction.study.robustness import CHANGES, Variant
from qdjunction.study.table import Study


def ensemble_lines(study: Study) -> list[str]:
    """Return the members of each dot, how many junctions they are and what their SCFs cost."""
    lines, total = [], 0.0
    config = study.config
    kind, settings, surface = ENGINES[config.engine], config.ensemble, config.electrodes.surface
    for dot, members in study.members_by_dot.items():
        of_dot = study.dot(dot)
        counts = Counter(case.member.kind for case in members if case.member)
        junctions = len(members) * len(of_dot.junctions)
        points = computed_points(surface.kpoints) if surface else 1
        hours = junctions * points * kind.scf_s(of_dot.atoms + config.electrodes.gold_atoms) / 3600
        steps = settings.snapshots.all_steps if settings and settings.snapshots else 0
        dynamics = steps * kind.step_s(of_dot.atoms) / 3600
        words = ", ".join(f"{number} {of}" for of, number in counts.items())
        lines.append(
            f"{dot}: members {words}: {junctions} more junctions, about {_hours(hours)} of processor time for "
            "their SCFs" + (f", and {_hours(dynamics)} for {steps} steps of dynamics" if steps else "")
        )
        if built := sum(counts[of] for of in ("cations", "halides")):
            lines.append(f"{dot}: {built} members are relaxed from the ideal lattice, which is not included")
        total += hours + dynamics
    return [*lines, f"ensembles: about {_hours(total)} of processor time in all"] if lines else []


def robustness_lines(study: Study) -> list[str]:
    """Return the variants of each dot and how many SCFs they need."""
    lines = []
    variants = [case.member for case in study.variants if isinstance(case.member, Variant)]
    for dot in dict.fromkeys(variant.of for variant in variants):
        kinds = [variant.kind for variant in variants if variant.of == dot]
        new = sum(CHANGES[kind].new_scf for kind in kinds) * len(study.dot(dot).junctions)
        counts = ", ".join(f"{number} {kind}" for kind, number in Counter(kinds).items())
        lines.append(f"{dot}: variants {counts}: {new} more SCFs of junctions")
    return lines


def _hours(hours: float) -> str:
    return f"{60 * hours:.2g} min" if hours < 1 else f"{hours:.3g} h"
