"""Where the files of the workflow are: around the library in a checkout, inside it in an installed wheel."""

from pathlib import Path

LIBRARY = Path(__file__).parents[1]
"""Folder of the package ``qdjunction``."""

INSTALLED = LIBRARY / "share"
"""Folder of Snakefile, rules and catalogue that a wheel contains (``setup.py`` copies them), absent in a checkout."""


def workflow_folder() -> Path:
    """Return the folder with Snakefile, rules, catalogue, environments and profiles: the checkout, or `INSTALLED`."""
    return INSTALLED if INSTALLED.is_dir() else LIBRARY.parents[1]


def library_path(link: Path) -> Path:
    """Return a folder in which another Python finds the package ``qdjunction`` and nothing else.

    In a checkout that is the folder of the package. An installed one shares its folder with the packages of its own
    Python, which another cannot import; there it is `link`, in which a link to the package is made.
    """
    if workflow_folder() != INSTALLED:
        return LIBRARY.parent
    entry = link / LIBRARY.name
    if not entry.exists() or entry.resolve() != LIBRARY.resolve():
        link.mkdir(parents=True, exist_ok=True)
        entry.unlink(missing_ok=True)
        entry.symlink_to(LIBRARY.resolve(), target_is_directory=True)
    return link
