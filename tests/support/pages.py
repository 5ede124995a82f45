"""A page of the report, parsed."""

from html.parser import HTMLParser
from pathlib import Path

FETCHING = (
    "src", "href", "srcset", "data", "poster", "action", "formaction", "background", "cite", "xlink:href",
)  # fmt: skip


class Links(HTMLParser):
    """Every attribute that makes a browser fetch or follow something, all tags, all ids, and style sheets."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.styles = ""
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.links += [value or "" for key, value in attrs if key in FETCHING]
        self.styles += " ".join(value or "" for key, value in attrs if key == "style")
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.styles += data


def parsed(path: Path) -> Links:
    """Return the links, tags and styles of a page."""
    links = Links()
    links.feed(path.read_text(encoding="utf-8"))
    return links
