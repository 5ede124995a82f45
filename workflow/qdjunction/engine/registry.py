"""Engines by their name in config.yaml."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qdjunction.core.errors import InputError
from qdjunction.core.registry import Registry
from qdjunction.engine.contract import ElectronicStructure, Engine, EngineKind

ENGINES: Registry[EngineKind[Any]] = Registry("qdjunction.engine", "qdjunction.engines", "engine")
"""The engines of the library and of other distributions."""

EMBEDDED_ENGINE = "xtb"
"""The default engine of a study, which also relaxes a dot before DFT does."""


def make_engine(
    name: str,
    settings: Mapping[str, Any] | None = None,
    threads: int | None = None,
    resources: Mapping[str, Any] | None = None,
    kpoints: Sequence[int] | None = None,
    slab: Sequence[int] | None = None,
) -> Engine:
    """Return the engine called `name`.

    Its code is imported only here, so that a study on one engine does not need the packages of the others.

    Parameters
    ----------
    name : str
        One of `ENGINES`.
    settings : mapping, optional
        Its settings as in ``config.yaml``; missing ones take their defaults.
    threads : int, optional
        Number of threads; None takes that of ``OMP_NUM_THREADS``.
    resources : mapping, optional
        Resources of the Snakemake job, for engines that are launched as programs.
    kpoints : 3 ints, optional
        Numbers of k points, for periodic structures; see `EngineKind.periodic`.
    slab : 2 ints, optional
        Numbers of k points in the plane, for slabs; see `EngineKind.slab`.

    Raises
    ------
    InputError
        When there is no such engine, a setting is unknown or out of range, or the engine has no periodic structures.
    """
    kind = ENGINES[name]
    try:
        checked = kind.Settings.model_validate(dict(settings or {}))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(key) for key in problem['loc']) or 'settings'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise InputError(f"Settings of the engine {name!r} cannot be used: {problems}.") from None
    if kpoints is not None:
        checked = kind.periodic(checked, (kpoints[0], kpoints[1], kpoints[2]))
    if slab is not None:
        checked = kind.slab(checked, (slab[0], slab[1]))
    return kind.make(checked, threads, resources or {})


def read_run(folder: str | Path) -> ElectronicStructure:
    """Return H and S of a finished run of any engine, Fermi energy at zero.

    Raises
    ------
    InputError
        When it holds no run of any engine.
    EngineError
        When the run failed or its files do not belong together.
    """
    problems = []
    for kind in ENGINES.values():
        try:
            return kind.read_run(Path(folder))
        except NotImplementedError:
            continue
        except InputError as error:
            problems.append(f"{error}")
    raise InputError("; ".join(problems) or f"{folder}: no engine reads a run from a folder; name a file")
