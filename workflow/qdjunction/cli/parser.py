"""From words to a command."""

import argparse

from qdjunction import __version__
from qdjunction.cli import electronic, interference, structure, study, traces, transport
from qdjunction.cli.commands import Command, add_commands

TOPICS = (structure, electronic, transport, interference, study, traces)
"""Modules with commands; cheap to import, since every call of the command line imports them all."""

COMMANDS = {name: command for topic in TOPICS for name, command in topic.COMMANDS.items()}

EXAMPLES = """\
one junction by hand:
  qdjunction dot 1Pb --cation MA --halide Br --output dot.extxyz
  qdjunction relax dot.extxyz --engine xtb --output relaxed.extxyz
  qdjunction junction relaxed.extxyz --left L --right R2 --layers 3 --output junction.extxyz
  qdjunction hamiltonian junction.extxyz --engine xtb --output h.nc
  qdjunction transmission h.nc --energies=-2:2:0.01 --leads wide-band:1.0 --output t.nc

a whole study, through Snakemake:
  qdjunction run mine.yaml --cores 4
"""


def parse(words: list[str]) -> Command:
    """Return the command that the words after ``qdjunction`` call.

    Raises
    ------
    InputError
        If a value cannot be used or an output cannot be written.
    SystemExit
        By argparse: after ``--help``, and with a line of usage if an option is unknown or missing.
    """
    parser = argparse.ArgumentParser(
        prog="qdjunction",
        description="DFT to transport for single perovskite quantum-dot junctions.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"qdjunction {__version__}")
    add_commands(parser, COMMANDS, words)
    given = vars(parser.parse_args(words))
    command: type[Command] = given.pop("command")
    return command.from_arguments(given, given.pop("labels"))
