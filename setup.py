"""What pyproject.toml cannot state: the version, taken from git, and the files of the workflow in wheels and archives.

A wheel holds Snakefile, rules and catalogue in ``qdjunction/share``, laid out as in a checkout, so that the same rules
run from both (``qdjunction.core.installation``). An editable installation copies nothing.
"""

import re
import shutil
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PACKAGE = ROOT / "workflow" / "qdjunction" / "__init__.py"

SHARED = (
    "Snakefile", "rules", "workflow/Snakefile", "workflow/scripts", "workflow/report", "clusters", "config.yaml",
    "paper.yaml", "papers", "config", "envs", "profiles",
    # What `qdjunction crate` adds, so that a crate can be installed.
    "CITATION.cff", "LICENSE", "Makefile", "pyproject.toml", "requirements.lock", "setup.py",
)  # fmt: skip
"""Files and folders of a checkout that a study uses."""


def shared_files() -> "list[str]":
    """Return the files of `SHARED`, relative to the checkout."""
    tops = [ROOT / name for name in SHARED]
    files = [path for top in tops for path in ([top] if top.is_file() else sorted(top.rglob("*")))]
    return [path.relative_to(ROOT).as_posix() for path in files if path.is_file() and path.suffix != ".pyc"]


def version() -> str:
    """Return the version: that of the package on the commit with its tag, elsewhere with the commit.

    ``0.2.0`` is the commit with the tag ``v0.2.0``, ``0.2.0.post3+g1234567`` three commits later, and
    ``0.3.0.dev3+g1234567`` the same once the package states 0.3.0. Without git, an unpacked source distribution keeps
    its version, and any other copy has the one that the package states.
    """
    (stated,) = re.findall(r'^__version__ = "(.*)"$', PACKAGE.read_text(encoding="utf-8"), re.MULTILINE)
    if not (ROOT / ".git").exists():
        distribution = ROOT / "PKG-INFO"
        text = distribution.read_text(encoding="utf-8") if distribution.is_file() else ""
        found = re.search(r"^Version: (.*)$", text, re.MULTILINE)
        return found[1] if found else stated
    try:
        tag, commits, commit = described()
    except (OSError, subprocess.CalledProcessError):  # no git, or not one that reads this repository
        return stated
    if commit == "" and tag != stated:
        raise SystemExit(f"the tag v{tag} is not the version of {PACKAGE}, {stated}: change one of them")
    if commit == "":
        return stated
    return f"{stated}.{'post' if tag == stated else 'dev'}{commits}+{commit}"


def described() -> "tuple[str, str, str]":
    """Return the last tag, the number of commits since, and the commit, empty if it is the unchanged tagged one."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=ROOT, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        return done.stdout.decode().strip()

    changes = ".changes" if git("status", "--porcelain", "--untracked-files=no") else ""
    try:
        tag, commits, commit = git("describe", "--tags", "--long", "--match", "v[0-9]*").rsplit("-", 2)
    except subprocess.CalledProcessError:  # no tag
        return "", git("rev-list", "--count", "HEAD"), f"g{git('rev-parse', '--short', 'HEAD')}{changes}"
    return tag[1:], commits, "" if commits == "0" and not changes else commit + changes


class BuildWithWorkflow(build_py):
    """Build the package with the files of the workflow and the version in it."""

    def run(self) -> None:
        """Build; setuptools may have left an earlier build in the folder."""
        super().run()
        if self.editable_mode:
            return
        package = Path(self.build_lib) / "qdjunction"
        shutil.rmtree(package / "share", ignore_errors=True)
        for file in shared_files():
            target = package / "share" / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / file, target)
            shutil.copymode(ROOT / file, target)
        text = PACKAGE.read_text(encoding="utf-8")
        number = f'__version__ = "{self.distribution.get_version()}"'
        text = re.sub(r'^__version__ = ".*"$', number, text, flags=re.MULTILINE)
        (package / "__init__.py").write_text(text, encoding="utf-8")

    def get_source_files(self) -> "list[str]":
        """Return the files of a source distribution."""
        return [*super().get_source_files(), *shared_files()]


setup(version=version(), cmdclass={"build_py": BuildWithWorkflow})
