"""Whether a junction holds an even number of electrons, as a closed shell does."""

from collections.abc import Sequence

from qdjunction.core.errors import StructureError


def check_parity(formula: str, electrons: int, gold: int, covalent: Sequence[str]) -> None:
    """Refuse a junction with an odd number of electrons.

    Cores hold even numbers of electrons, so the atomic numbers tell. A gold atom has 79. With one contact that is
    covalent, as in mercaptopyridine, the molecule lacks one electron, which gold shares with it: between tips of an odd
    number of gold atoms together the junction is a closed shell.

    Parameters
    ----------
    formula : str
        Formula of the dot between the tips, without the hydrogens that leave, or its name.
    electrons : int
        Sum of its atomic numbers, or another number that is odd where that is.
    gold : int
        Number of gold atoms of both tips.
    covalent : sequence of str
        Names of the contacts that share an electron with gold, which their hydrogen leaves for.

    Raises
    ------
    StructureError
        If the number is odd.
    """
    if (electrons + gold) % 2 == 0:
        return
    lost = " and ".join(f"'{name}'" for name in covalent)
    why = f" (the hydrogen of contact {lost} leaves as gold binds)" if electrons % 2 and lost else ""
    has, remedy = (
        (
            "odd",
            "let the tips differ in shape so that they have an odd number of gold atoms together, e.g. a pyramid and "
            "electrodes.left: {kind: blunt, layers: 2}, or choose other contacts",
        )
        if electrons % 2
        else (
            "even",
            "let the tips have an even number of gold atoms together, as two equal ones do",
        )
    )
    raise StructureError(
        f"{formula}{why} has an {has} number of electrons, and the two tips have {gold} gold atoms, so that the "
        f"junction is a radical, while engines compute closed shells; {remedy}"
    )
