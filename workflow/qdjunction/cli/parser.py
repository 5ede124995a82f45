"""Parsing of the command line."""

import argparse

from qdjunction import __version__
from qdjunction.cli import electronic, interference, ligands, structure, study, transport
from qdjunction.cli.commands import Command, Commands, Group, add_commands

COMMANDS: Commands = {
    **structure.COMMANDS,
    **ligands.COMMANDS,
    **electronic.COMMANDS,
    **transport.COMMANDS,
    "observe": Group(
        "Compute an observable of a junction: channels, currents, densities.", "qdjunction.cli.observe"
    ),
    **interference.COMMANDS,
    **study.COMMANDS,
    "traces": Group("Analyse and simulate break-junction traces.", "qdjunction.cli.traces"),
}
"""All commands; their modules are cheap to import, since every call imports them."""

EXAMPLES = """\
one junction by hand:
  qdjunction dot 1Pb --cation MA --halide Br --output dot.extxyz
  qdjunction relax dot.extxyz --engine xtb --output relaxed.extxyz
  qdjunction junction relaxed.extxyz --left L --right R2 --layers 3 --output junction.extxyz
  qdjunction hamiltonian junction.extxyz --engine xtb --output h.nc
  qdjunction transmission h.nc --energies=-2:2:0.01 --leads wide-band:1.0 --output t.nc

a complete study, with Snakemake:
  qdjunction run mine.yaml --cores 4
"""


def make_parser(words: list[str]) -> argparse.ArgumentParser:
    """Return the parser of the words after ``qdjunction``; commands not among them have only a summary."""
    parser = argparse.ArgumentParser(
        prog="qdjunction",
        description="DFT to transport for single perovskite quantum-dot junctions.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"qdjunction {__version__}")
    add_commands(parser, COMMANDS, words)
    return parser


def parse(words: list[str]) -> Command:
    """Return the command for the words after ``qdjunction``.

    Raises
    ------
    InputError
        If a value cannot be used or an output cannot be written.
    SystemExit
        By argparse: after ``--help``, and with a line of usage if an option is unknown or missing.
    """
    given = vars(make_parser(words).parse_args(words))
    command: type[Command] = given.pop("_command")
    return command.from_arguments(given, given.pop("_labels"))
