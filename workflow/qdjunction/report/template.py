"""The templates of the pages and how they are filled in: everything that comes from outside is escaped."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined


def environment() -> Environment:
    """Give the environment of all pages, with the style sheet as ``style``."""
    made = Environment(
        loader=PackageLoader("qdjunction.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["style"] = template_text("page.css")
    return made


def template_text(name: str) -> str:
    """Text of this package, not of a user, which goes into a page as it is."""
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
