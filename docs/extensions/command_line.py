"""The directive ``{commands}``: the help of every command of qdjunction, as the command line prints it."""

from __future__ import annotations

import argparse
import os
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from qdjunction.cli.parser import make_parser

WIDTH = "100"


class Commands(SphinxDirective):
    """A section for each command."""

    def run(self) -> list[nodes.Node]:
        os.environ["COLUMNS"] = WIDTH
        return [section for words in ([], ["observe"], ["traces"]) for section in self._sections(words)]

    def _sections(self, words: list[str]) -> list[nodes.Node]:
        parser = _subparser(make_parser(words), words)
        made: list[nodes.Node] = []
        for name in _choices(parser):
            line = [*words, name]
            if line in (["observe"], ["traces"]):
                continue
            text = _subparser(make_parser(line), line).format_help()
            title = " ".join(["qdjunction", *line])
            section = nodes.section(ids=[nodes.make_id(title)], names=[title])
            section += nodes.title(title, title)
            section += nodes.literal_block(text, text, language="text")
            made.append(section)
        return made


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _subparser(parser: argparse.ArgumentParser, words: list[str]) -> argparse.ArgumentParser:
    for word in words:
        parser = _choices(parser)[word]
    return parser


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("commands", Commands)
    return {"version": "1", "parallel_read_safe": True}
