"""Configuration of the documentation site: ``make docs``."""

import sys
from pathlib import Path

from pygments.lexers import TextLexer
from sphinx.application import Sphinx

import qdjunction

sys.path.append(str(Path(__file__).parent / "extensions"))

project = "qdjunction"
version = release = qdjunction.__version__
extensions = [
    "command_line",
    "executed",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_design",
]
exclude_patterns = ["_build", "gallery"]
# Names of attributes, which several classes share, are looked up as if they were links.
suppress_warnings = ["ref.python"]

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
# What every model of pydantic has is not the interface of ours.
autodoc_default_options = {"exclude-members": "model_config, model_post_init"}

html_theme = "pydata_sphinx_theme"
html_title = f"qdjunction {version}"
html_static_path = ["style"]
html_css_files = ["qdjunction.css"]
html_theme_options = {
    "navbar_align": "left",
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
}
html_show_sourcelink = False


def setup(app: Sphinx) -> None:
    """Show the rule graph, which code hosts draw, as its text."""
    app.add_lexer("mermaid", TextLexer)
