"""Jinja templates of the pages; every value that is filled in is escaped."""

import re

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from qdjunction.report.sections.contract import TEMPLATES


def environment() -> Environment:
    """Return the environment of all pages, with the style sheet as ``style`` and macros for tables and figures."""
    made = Environment(
        loader=PackageLoader("qdjunction.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["subscripts"] = subscripts
    made.globals["style"] = template_text("page.css")
    macros = vars(made.get_template("macros.html.j2").module)
    made.globals |= {name: macros[name] for name in ("show_table", "show_figure", "show_junctions")}
    return made


def template_text(name: str) -> str:
    """Return a template file of this package, which is trusted and therefore not escaped."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def subscripts(text: str) -> Markup:
    """Escape a caption and write the letters after an underscore, as in Γ_L, as a subscript."""
    return Markup(re.sub(r"_(\w+)", r"<sub>\1</sub>", str(escape(text))))
