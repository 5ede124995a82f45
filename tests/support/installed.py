"""The wheel of this checkout in an environment of its own, which does not see the checkout."""

import os
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

from support.paths import ROOT

BUILD = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])(sys.argv[2])"
NOT_BUILT = ("results", "figures", "build")


def copy_of_checkout(folder: Path) -> None:
    """Copy what belongs to the checkout into a folder, without git, its environment and results."""
    tops = [
        path.name for path in ROOT.iterdir() if not path.name.startswith(".") and path.name not in NOT_BUILT
    ]
    words = [
        "tar",
        "-C",
        str(ROOT),
        "-c",
        "--exclude=__pycache__",
        "--exclude=*.egg-info",
        "--exclude=tests",
        *tops,
    ]
    packed = subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout
    folder.mkdir()
    subprocess.run(["tar", "-C", str(folder), "-x"], input=packed, check=True)


def build(folder: Path) -> None:
    """Build the source distribution, from it the wheel, and install that in ``env``; nothing is downloaded."""
    source, made, unpacked = folder / "source", folder / "made", folder / "unpacked"
    copy_of_checkout(source)
    made.mkdir()
    _run(sys.executable, "-c", BUILD, "build_sdist", made, cwd=source)
    (archive,) = made.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(unpacked, filter="data")
    (top,) = unpacked.iterdir()
    _run(sys.executable, "-c", BUILD, "build_wheel", made, cwd=top)
    environment = folder / "Umgebung mit Leerzeichen π"
    _run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=folder)
    (wheel,) = made.glob("*.whl")
    python = environment / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", "--no-deps")
    _run(*pip, wheel, cwd=folder)
    # The locked packages come by their path, without the path file that makes the checkout visible to them.
    (site,) = (environment / "lib").glob("python*/site-packages")
    (site / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")


def installed_environment(folder: Path) -> dict[str, str]:
    """Return the variables with which ``qdjunction`` and ``python`` are those of the installed wheel."""
    programs = folder / "Umgebung mit Leerzeichen π" / "bin"
    variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return variables | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}


def _run(*words: object, cwd: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        list(map(str, words)), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
