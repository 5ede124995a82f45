"""Move the files of ``changes/`` into CHANGELOG.md, under the current version: ``python docs/changelog.py``."""

import re
import sys
from pathlib import Path

from qdjunction import __version__

ROOT = Path(__file__).parents[1]


def fragments(root: Path) -> dict[Path, str]:
    """Return the text of each fragment, sorted by name.

    Raises
    ------
    ValueError
        If one is not a list.
    """
    found = {}
    for path in sorted((root / "changes").glob("*.md")):
        if path.name == "README.md":
            continue
        text = path.read_text(encoding="utf-8").strip()
        if not text or not all(line.startswith(("- ", "  ")) for line in text.splitlines()):
            raise ValueError(
                f"{path}: write items of a list, which begin with '- ' and go on with two spaces"
            )
        found[path] = text
    return found


def collected(changelog: str, texts: list[str], version: str) -> str:
    """Return the changelog with new items at the top of the section of a version, which is made if there is none."""
    heading = re.search(rf"(?m)^## {re.escape(version)}\b.*\n\n", changelog)
    if heading is None:
        first = re.search(r"(?m)^## ", changelog)
        start = first.start() if first else len(changelog)
        changelog = f"{changelog[:start]}## {version} (unreleased)\n\n\n{changelog[start:]}"
        return collected(changelog, texts, version)
    return changelog[: heading.end()] + "".join(f"{text}\n" for text in texts) + changelog[heading.end() :]


def main() -> None:
    """Collect."""
    try:
        found = fragments(ROOT)
    except ValueError as error:
        sys.exit(str(error))
    changelog = ROOT / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    changelog.write_text(collected(text, list(found.values()), __version__), encoding="utf-8")
    for path in found:
        path.unlink()
    print(f"CHANGELOG.md: {len(found)} changes")


if __name__ == "__main__":
    main()
