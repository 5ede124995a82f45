"""Distributions that add a kind of something to the library."""

from pathlib import Path


def install(folder: Path, name: str, group: str, entry: str, code: str | None = None) -> None:
    """Lay out what installing a distribution with one entry point leaves behind.

    Parameters
    ----------
    folder : Path
        Folder in which Python finds the distribution once the folder is on its path.
    name : str
        Name of the distribution and of the entry point.
    group : str
        Group of the entry point, e.g. ``qdjunction.leads``.
    entry : str
        The object, e.g. ``module:KIND``.
    code : str, optional
        Code of the module.
    """
    if code is not None:
        (folder / f"{entry.split(':')[0]}.py").write_text(code)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {entry}\n")
