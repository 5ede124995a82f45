"""The layers of docs/architecture.md, compared with the imports of every module of the library."""

import ast
import re
from functools import cache

import pytest

from support.paths import ROOT

LIBRARY = ROOT / "workflow" / "qdjunction"
MODULES = {
    ".".join(path.relative_to(LIBRARY.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in LIBRARY.rglob("*.py")
}
PACKAGES = {path.parent.name for path in LIBRARY.glob("*/__init__.py")}
ON_CALL = {("qdjunction.steps.traces", "qdjunction.report.redraw")}
"""Imports inside functions that the layers do not allow; the page names them."""


def stated():
    """Return the packages that each package imports, as the page has them."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = page.split("<!-- layers -->")[1].split("<!-- end of layers -->")[0]
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", table, re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", imports)) for name, imports in rows}


@cache
def imported(name, in_functions=True):
    """Return the modules of the library that a module imports, without those for type annotations alone."""
    found = set()
    for statement in statements(ast.parse(MODULES[name].read_text("utf-8")), in_functions):
        if isinstance(statement, ast.Import):
            found |= {one.name for one in statement.names}
        else:
            assert statement.level == 0, f"{name} has a relative import"
            members = [f"{statement.module}.{one.name}" for one in statement.names]
            found |= {one if one in MODULES else statement.module for one in members}
    return frozenset(found & set(MODULES) - {name})


def statements(node, in_functions):
    """Yield the import statements below a node."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, ast.If) and ast.unparse(child.test) in (
            "TYPE_CHECKING",
            "typing.TYPE_CHECKING",
        ):
            yield from (found for other in child.orelse for found in statements(other, in_functions))
        elif in_functions or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from statements(child, in_functions)


def package(name):
    """Return the package of a module; none for those at the top."""
    first = name.split(".")[1:2]
    return first[0] if first and first[0] in PACKAGES else None


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_a_package_imports_what_the_page_says(name):
    found = {
        (one, other)
        for one in MODULES
        if package(one) == name
        for other in imported(one)
        if package(other) not in (None, name)
    } - ON_CALL
    others = {package(other) for _, other in found}
    more = sorted((one, other) for one, other in found if package(other) not in stated()[name])
    assert not more, f"imports that the layers of docs/architecture.md do not allow: {more}"
    assert others == stated()[name], "the layers of docs/architecture.md have packages that are not imported"


def test_exceptions_are_imports_inside_functions():
    for one, other in ON_CALL:
        assert other in imported(one)
        assert other not in imported(one, in_functions=False)


def test_layers_have_no_circle():
    left = stated()
    while left:
        lowest = {name for name, below in left.items() if not below & set(left)}
        assert lowest, f"these packages import each other: {left}"
        left = {name: below for name, below in left.items() if name not in lowest}


def test_no_module_imports_one_that_imports_it():
    left = {name: set(imported(name, in_functions=False)) for name in MODULES}
    while lowest := {name for name, below in left.items() if not below & set(left)}:
        left = {name: below for name, below in left.items() if name not in lowest}
    assert not left, f"these modules import each other, or one that does: {sorted(left)}"


def test_what_interference_takes_from_engines_and_structures():
    of_engines = {other for one in MODULES if package(one) == "interference" for other in imported(one)}
    assert {name for name in of_engines if package(name) == "engine"} == {"qdjunction.engine.contract"}
    assert {name for name in of_engines if package(name) == "structure"} == {"qdjunction.structure.rows"}
