"""Set up the environment of the Makefile: `python envs/install.py .venv` installs requirements.lock there.

pip never resolves dependencies: every pin is installed by its hash and without its dependencies, then `pip check`
confirms that none is missing. Only the standard library is used, since nothing is installed yet, and only syntax that
Python 3.6 can parse, so that an old Python reports a clear error as well.
"""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"

# Pins without a wheel on the index, by the platform that lacks it. They can be built from source, but only with
# compilers and libraries that a set-up without root cannot rely on. A test fails when the lock pins another version.
NO_WHEEL_FOR_PYTHON_314 = "immutables==0.21"
NO_WHEEL_FOR_LINUX_ARM = "tblite==0.8.0"
NO_WHEEL_BEFORE_MACOS_15 = ("netcdf4==1.7.5.1.post1", "tblite==0.8.0")

# Variables that would make pip install something other than the lock, or in another place. Those that say where
# packages come from (indexes, proxies, certificates) are kept.
NOT_FOR_PIP = (
    *("PYTHONHOME", "PYTHONPATH", "PIP_BUILD_CONSTRAINT", "PIP_DRY_RUN", "PIP_NO_BINARY", "PIP_ONLY_BINARY"),
    *("PIP_PREFIX", "PIP_PYTHON", "PIP_REQUIREMENT", "PIP_REQUIRE_HASHES", "PIP_ROOT", "PIP_TARGET"),
)


def unsupported(
    python: "tuple[int, int]", system: str, machine: str, macos: str = "", implementation: str = "CPython"
) -> "str | None":
    """Return why the lock cannot be installed on a platform, in one sentence, or None where it can.

    The arguments are the values of `sys.version_info`, `platform.system`, `platform.machine`, `platform.mac_ver` and
    `platform.python_implementation`.
    """
    if implementation != "CPython" or not (3, 11) <= python <= (3, 13):
        wheel = f" ({NO_WHEEL_FOR_PYTHON_314} has no wheel for later ones)" if python > (3, 13) else ""
        return (
            f"qdjunction needs CPython 3.11, 3.12 or 3.13{wheel}, and this is {implementation}"
            f" {python[0]}.{python[1]}: name one with make PYTHON=python3.13"
        )
    machine = {"AMD64": "x86_64", "amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    if (system, machine) == ("Linux", "x86_64"):
        return None
    if (system, machine) == ("Linux", "aarch64"):
        return (
            f"{NO_WHEEL_FOR_LINUX_ARM}, the embedded engine, has no wheel for Linux on aarch64: use a computer with"
            " Linux on x86-64 or macOS on arm64, or install the environment envs/xtb.yaml with conda"
        )
    if (system, machine) == ("Darwin", "aarch64"):
        if int(macos.partition(".")[0] or 0) >= 15:
            return None
        return (
            f"{' and '.join(NO_WHEEL_BEFORE_MACOS_15)} have no wheels for macOS before 15, and this is macOS {macos}:"
            " update macOS, or install the environment envs/xtb.yaml with conda"
        )
    return (
        "the pinned packages are available for Linux on x86-64 and macOS on arm64, and this is"
        f" {system or 'an unknown system'} on {machine or 'an unknown machine'}: install the environment"
        " envs/xtb.yaml with conda"
    )


def unsupported_here() -> "str | None":
    """Return `unsupported` for the running Python and computer."""
    if platform.system() == "Linux":
        libc, version = platform.libc_ver()
        if libc != "glibc" or tuple(map(int, version.split(".")[:2])) < (2, 28):
            return (
                "the pinned packages are available for Linux with glibc 2.28 or newer, and this one has"
                f" {libc or 'another C library'} {version}: use a newer Linux, or install the environment"
                " envs/xtb.yaml with conda"
            )
    return unsupported(
        sys.version_info[:2],
        platform.system(),
        platform.machine(),
        platform.mac_ver()[0],
        platform.python_implementation(),
    )


def pin_of(name: str, lock: str) -> str:
    """Return the lines of a lock that pin the package `name`, with their hashes."""
    lines = lock.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if line.startswith(f"{name}==")]
    if len(starts) != 1:
        raise SystemExit(f"{LOCK.name} has {len(starts)} pins of {name}, and needs one: run make lock")
    first = starts[0]
    end = first + 1
    while end < len(lines) and lines[end].startswith((" ", "#")):
        end += 1
    return "".join(lines[first:end])


def install_commands(pip: "list[str]", build_tools: str) -> "list[list[str]]":
    """Return the calls of pip, in order.

    `build_tools` is a requirements file with the pin of setuptools, which builds qdjunction itself and the pins that
    the index has only as sources. Build isolation is off, since pip would fetch the newest setuptools for it.
    """
    install = [*pip, "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    locked = [*install, "--require-hashes", "--no-build-isolation", "--use-pep517", "-r"]
    return [
        [*locked, build_tools],
        [*locked, str(LOCK)],
        [*install, "--no-build-isolation", "--no-index", "-e", str(ROOT)],
        [*pip, "--disable-pip-version-check", "check"],
    ]


def pip_environment(variables: "Mapping[str, str]") -> "dict[str, str]":
    """Return the environment of pip: `variables` without what would change the choice or place of packages.

    With PYTHONPATH set, as by the modules of a cluster, pip takes a package there for installed. The last two settings
    take precedence over those of pip's configuration files.
    """
    kept = {name: value for name, value in variables.items() if name not in NOT_FOR_PIP}
    return dict(kept, PIP_USER="0", PIP_CONSTRAINT=os.devnull)


def install(python: str) -> None:
    """Install the lock and qdjunction in the environment of `python`, by its own pip."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as build_tools:
        build_tools.write(pin_of("setuptools", LOCK.read_text(encoding="utf-8")))
        build_tools.flush()
        for command in install_commands([python, "-m", "pip"], build_tools.name):
            done = subprocess.run(command, check=False, env=pip_environment(os.environ))
            if done.returncode:
                raise SystemExit(
                    f"the set-up stopped at `{' '.join(command[2:])}`; see the output of pip above"
                )


def main(folder: str) -> None:
    """Create the virtual environment `folder` and install the lock and qdjunction in it."""
    reason = unsupported_here()
    if reason:
        raise SystemExit(reason)
    if subprocess.run(
        [sys.executable, "-m", "venv", folder], check=False, env=pip_environment(os.environ)
    ).returncode:
        raise SystemExit(f"{sys.executable} cannot make a virtual environment; see its output above")
    install(str(Path(folder).absolute() / "bin" / "python"))


if __name__ == "__main__":
    main(sys.argv[1])
