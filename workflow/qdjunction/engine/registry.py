"""Engines by the name they have in config.yaml."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from qdjunction.core.errors import InputError

if TYPE_CHECKING:
    from qdjunction.engine.contract import Engine

ENGINES = ("xtb", "siesta")
"""Names that `make_engine` knows."""


def make_engine(
    name: str,
    settings: Mapping[str, Any] | None = None,
    threads: int | None = None,
    resources: Mapping[str, Any] | None = None,
) -> "Engine":
    """Make the engine called `name`.

    The code behind it is imported only now, so that a study on one engine needs nothing of the others.

    Parameters
    ----------
    name : str
        One of `ENGINES`.
    settings : mapping, optional
        Its settings as in ``config.yaml``; what is absent takes its default.
    threads : int, optional
        Threads it may use; None leaves that to ``OMP_NUM_THREADS``.
    resources : mapping, optional
        Resources of the Snakemake job, for engines that are launched as programs; see `Launch.of_job`.

    Raises
    ------
    InputError
        When there is no such engine, or a setting is unknown or out of range.
    """
    try:
        match name:
            case "xtb":
                from qdjunction.engine.xtb.engine import XtbEngine, XtbSettings

                return XtbEngine(XtbSettings.model_validate(dict(settings or {})), threads=threads)
            case "siesta":
                from qdjunction.engine.siesta import Launch, SiestaEngine, SiestaSettings

                siesta = SiestaSettings.model_validate(dict(settings or {}))
                if threads is None:
                    threads = int(os.environ.get("OMP_NUM_THREADS", 1))
                return SiestaEngine(siesta, Launch.of_job(threads, resources or {}))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(key) for key in problem['loc']) or 'settings'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise InputError(f"Settings of the engine {name!r} cannot be used: {problems}.") from None
    raise InputError(f"There is no engine {name!r}; choose one of {', '.join(ENGINES)}.")
