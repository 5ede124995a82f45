"""The command line: every command is a model of its arguments that calls `qdjunction.steps`."""

from __future__ import annotations

import sys

from qdjunction.core.errors import QdjunctionError

# As in `typing`, whose import takes long enough for Ctrl-C to end in a traceback here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from qdjunction.cli.commands import Command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after ``qdjunction``; by default those of the process.

    Returns
    -------
    int
        Exit code: 0, 2 after bad input and failed calculations, 130 after Ctrl-C.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    command: Command | None = None
    try:
        # Imported here, so that Ctrl-C during imports ends in one line too.
        from qdjunction.cli.parser import parse
        from qdjunction.core.logs import log_to_terminal

        command = parse(words)
        log_to_terminal()
        command.run()
    except QdjunctionError as error:
        problem, code = command.in_options(str(error)) if command else str(error), 2
    except OSError as error:
        problem, code = ": ".join(map(str, filter(None, (error.filename, error.strerror)))) or str(error), 2
    except KeyboardInterrupt:
        problem, code = "interrupted; the same command resumes from what is finished", 130
    else:
        return 0
    print(f"{' '.join(['qdjunction', *words[:1]])}: {problem}", file=sys.stderr)
    return code
