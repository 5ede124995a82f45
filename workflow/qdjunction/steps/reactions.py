"""Energies of reactions between relaxed structures, from files to files."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from ase.formula import Formula

from qdjunction.core.errors import InputError
from qdjunction.core.files import write_table
from qdjunction.core.provenance import digests, provenance
from qdjunction.study.failures import EarlierFailureError
from qdjunction.study.reactions import ReactionSettings
from qdjunction.study.relaxations import read_results, require_one_method
from qdjunction.study.results import ReactionRecord, ReactionsRecord, RelaxationRecord

log = logging.getLogger(__name__)


def reactions_of_study(
    reactions: Sequence[ReactionSettings],
    relaxations: Mapping[str, str | Path],
    table: str | Path,
    summary: str | Path,
) -> None:
    """Write the energies of the reactions of a study: ``reactions.csv`` and ``reactions.json``.

    Parameters
    ----------
    reactions : sequence of ReactionSettings
        The reactions.
    relaxations : mapping of str to path
        ``relaxed.json`` of every structure, or a record of its failure, by its name. Reactions of structures that have
        failed are left out.
    table, summary : path
        The files to write.

    Raises
    ------
    InputError
        If a reaction is not balanced, or its structures were relaxed by different methods.
    EarlierFailureError
        If a structure of every reaction has failed.
    """
    records, failures = read_results(RelaxationRecord, relaxations)
    found = []
    for reaction in reactions:
        if failed := [name for name in reaction.species if name in failures]:
            log.warning("%s is left out: %s", reaction.name, failures[failed[0]])
            continue
        found.append(reaction_energy(reaction, records))
    if not found:
        raise EarlierFailureError(next(iter(failures.values())))
    for one in found:
        log.info("%s: %s: %+.3f eV", one.name, one.equation, one.energy_ev)
    write_table(pd.DataFrame([one.model_dump(exclude={"formulas", "findings"}) for one in found]), table)
    ReactionsRecord(
        reactions=tuple(found), engine=next(iter(records.values())).engine,
        provenance=provenance(
            inputs=digests(*relaxations.values()),
            settings={"reactions": [one.model_dump(mode="json") for one in reactions]},
        ),
    ).write(summary)  # fmt: skip


def reaction_energy(reaction: ReactionSettings, records: Mapping[str, RelaxationRecord]) -> ReactionRecord:
    """Return the energy of a reaction from the relaxations of its structures.

    Raises
    ------
    InputError
        If the reaction is not balanced, or the structures were relaxed by different methods.
    """
    gained: Counter[str] = Counter()
    energy = 0.0
    for side, sign in ((reaction.products, 1), (reaction.reactants, -1)):
        for name, number in side.items():
            energy += sign * number * records[name].energy_ev
            for element, amount in Formula(records[name].formula).count().items():
                gained[element] += sign * number * amount
    if differs := {element: amount for element, amount in gained.items() if amount}:
        listed = ", ".join(f"{amount:+d} {element}" for element, amount in sorted(differs.items()))
        raise InputError(
            f"reactions: '{reaction.name}': {reaction.equation} is not balanced: the products have {listed}; "
            "correct the numbers, or add the structure that is left out"
        )
    require_one_method((records[name] for name in reaction.species), f"reactions: '{reaction.name}'")
    return ReactionRecord(
        name=reaction.name, equation=reaction.equation, energy_ev=energy,
        formulas={name: records[name].formula for name in reaction.species},
        fmax_ev_per_ang=max(records[name].fmax_ev_per_ang for name in reaction.species),
        findings=tuple(
            f"{name}: {finding}"
            for name in reaction.species
            if (integrity := records[name].integrity)
            for finding in integrity.findings
        ),
    )  # fmt: skip
