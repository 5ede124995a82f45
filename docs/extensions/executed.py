"""Directives that run what a page shows, in one folder a page, so that a page that no longer works fails the build.

``{file} NAME`` writes its content to a file, ``{run}`` runs shell commands, ``{python}`` Python statements, which share
their names with the earlier ones of the page. ``{in} FOLDER`` is ``{run}`` in a folder that an earlier page of the same
directory wrote, such as ``first-study/results``; what follows on the page runs there as well. ``{folder} PATH`` copies
what a folder of the checkout holds, and shows nothing. ``{figures} PATTERN`` shows every image that matches, so that
new kinds of figures appear by themselves. Tutorials are read before all other pages, which may show figures of theirs.

The first four show their content, and all but ``{file}`` what was printed. ``:figure:`` names an image that they wrote,
which is shown below with the caption ``:caption:``; ``:lines:`` is the largest number of lines shown of the output.
Without content there is only the figure.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.directives.code import container_wrapper
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

LIMIT_S = 600
"""Time after which a command is stopped."""


class _Executed(SphinxDirective):
    has_content = True
    option_spec: ClassVar = {
        "figure": directives.unchanged,
        "caption": directives.unchanged,
        "lines": directives.positive_int,
    }
    language = ""
    file = ""

    def run(self) -> list[nodes.Node]:
        code = "\n".join(self.content)
        folder = self._folder()
        made: list[nodes.Node] = []
        printed = ""
        if code:
            shown = nodes.literal_block(code, code, language=self.language)
            made.append(container_wrapper(self, shown, f"`{self.file}`") if self.file else shown)
            printed = self.execute(code, folder).rstrip()
        if printed:
            lines = printed.splitlines()
            limit = self.options.get("lines", len(lines))
            text = "\n".join(lines[:limit] + (["..."] if len(lines) > limit else []))
            made.append(nodes.literal_block(text, text, language="text", classes=["output"]))
        if "figure" in self.options:
            made.append(self._figure(self.options["figure"]))
        return made

    def execute(self, code: str, folder: Path) -> str:
        """Run the code in a folder and return what it printed."""
        raise NotImplementedError

    def error(self, message: str) -> Exception:
        return ExtensionError(f"{self.env.docname}, line {self.lineno}: {message}")

    def _folder(self) -> Path:
        """Return the folder of the page, empty when the page begins."""
        folder = Path(self.env.app.doctreedir) / "executed" / self.env.docname
        if "executed" not in self.env.temp_data:
            self.env.temp_data["executed"] = {}
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        return self.env.temp_data.get("executed_in", folder)

    def _figure(self, name: str) -> nodes.figure:
        source = self._folder() / name
        if not source.is_file():
            raise self.error(f"the figure {name} was not written")
        caption = self.options.get("caption", "")
        page = Path(self.env.doc2path(self.env.docname)).parent
        image = nodes.image(uri=os.path.relpath(source, page), alt=caption or name)
        figure = nodes.figure("", image)
        if caption:
            figure += nodes.caption(caption, caption)
        return figure


class File(_Executed):
    """A file of the reader."""

    required_arguments = 1

    @property
    def file(self) -> str:  # type: ignore[override]
        return str(self.arguments[0])

    @property
    def language(self) -> str:  # type: ignore[override]
        return {".py": "python"}.get(Path(self.arguments[0]).suffix, Path(self.arguments[0]).suffix[1:])

    def execute(self, code: str, folder: Path) -> str:
        (folder / self.arguments[0]).write_text(code + "\n", encoding="utf-8")
        return ""


class Run(_Executed):
    """Shell commands."""

    language = "sh"

    def execute(self, code: str, folder: Path) -> str:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", code], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=LIMIT_S, env=os.environ | {"PATH": path, "COLUMNS": "100"}, check=False,
        )  # fmt: skip
        if done.returncode:
            raise self.error(f"exit status {done.returncode}:\n{done.stdout}")
        return done.stdout


class In(Run):
    """Shell commands in the folder of an earlier page."""

    required_arguments = 1

    def _folder(self) -> Path:
        folder = super()._folder()
        if "executed_in" not in self.env.temp_data:
            page, _, below = self.arguments[0].partition("/")
            # The page is read before this one, whose results change with it.
            self.env.note_dependency(str(Path(self.env.doc2path(self.env.docname)).with_name(f"{page}.md")))
            folder = folder.with_name(page) / below
            if not folder.is_dir():
                raise self.error(f"{page} wrote no folder {below}")
            self.env.temp_data["executed_in"] = folder
        return folder


class Folder(_Executed):
    """Files of the documentation."""

    has_content = False
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        source = Path(self.env.doc2path(self.env.docname)).parent / self.arguments[0]
        for path in source.rglob("*"):
            self.env.note_dependency(str(path))
        shutil.copytree(source, self._folder(), dirs_exist_ok=True)
        return []


class Figures(_Executed):
    """Every image of a pattern with one ``*``, which stands for a kind of figure, with the title of its section."""

    has_content = False
    required_arguments = 1
    option_spec: ClassVar = {"prefix": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        from qdjunction.report.sections.registry import SECTIONS

        before, after = (re.escape(part) for part in Path(self.arguments[0]).name.split("*"))
        found = sorted(self._folder().glob(self.arguments[0]))
        if not found:
            raise self.error(f"no figure is called {self.arguments[0]}")
        made: list[nodes.Node] = []
        for path in found:
            kind = re.fullmatch(f"{before}(.*){after}", path.name)[1]
            title = SECTIONS[self.options.get("prefix", "") + kind].figure_title
            self.options["caption"] = f"{kind}, {title[0].lower()}{title[1:]}"
            made.append(self._figure(os.path.relpath(path, self._folder())))
        return made


class Python(_Executed):
    """Python statements."""

    language = "python"

    def execute(self, code: str, folder: Path) -> str:
        names: dict[str, Any] = self.env.temp_data["executed"]
        printed = io.StringIO()
        with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
            try:
                exec(compile(code, f"{self.env.docname}.md", "exec"), names)
            except Exception:
                raise self.error(traceback.format_exc()) from None
        return printed.getvalue()


def tutorials_first(app: Sphinx, env: object, pages: list[str]) -> None:
    """Sort the pages that are read."""
    pages.sort(key=lambda page: (not page.startswith("tutorials/"), page))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.connect("env-before-read-docs", tutorials_first)
    app.add_directive("folder", Folder)
    app.add_directive("file", File)
    app.add_directive("run", Run)
    app.add_directive("in", In)
    app.add_directive("figures", Figures)
    app.add_directive("python", Python)
    return {"version": "1", "parallel_read_safe": False}
