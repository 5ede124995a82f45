"""Kinds are found as modules of a package and as entry points of installed distributions."""

from pathlib import Path

import pytest

from qdjunction.core.errors import InputError
from qdjunction.core.registry import Registry
from support.distributions import install

KIND = """
class KIND:
    name = "{name}"
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with two kinds and a helper module, which is expensive to import."""
    name = f"kinds_{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "helper.py").write_text("raise RuntimeError('imported')\n")
    for kind in ("first", "second"):
        (folder / f"{kind}.py").write_text(KIND.format(name=kind))
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_modules_that_define_a_kind_are_found(package: str) -> None:
    registry = Registry(package, "test.kinds", "kind of thing")
    assert list(registry) == ["first", "second"]
    assert registry["second"].name == "second"
    assert "helper" not in registry


def test_an_unknown_kind_names_the_known_ones(package: str) -> None:
    with pytest.raises(InputError, match="there is no kind of thing 'third'; choose one of first, second"):
        Registry(package, "test.kinds", "kind of thing")["third"]


def test_an_installed_distribution_adds_a_kind(package: str, tmp_path: Path) -> None:
    install(tmp_path, f"plugin_{package}", "test.kinds", f"plugin_{package}:KIND", KIND.format(name="third"))
    assert list(Registry(package, "test.kinds", "kind of thing")) == ["first", "second", "third"]


def test_a_distribution_that_cannot_be_imported_is_named(package: str, tmp_path: Path) -> None:
    code = "import a_module_that_is_not_there\n"
    install(tmp_path, f"broken_{package}", "test.kinds", f"broken_{package}:KIND", code)
    with pytest.raises(InputError, match=rf"broken_{package}: its kind of thing .* cannot be imported"):
        list(Registry(package, "test.kinds", "kind of thing"))


def test_two_kinds_of_one_name_are_an_error(package: str, tmp_path: Path) -> None:
    install(tmp_path, f"again_{package}", "test.kinds", f"again_{package}:KIND", KIND.format(name="first"))
    with pytest.raises(InputError, match=rf"two kinds are called 'first'.*{package}.first.*again_{package}"):
        list(Registry(package, "test.kinds", "kind of thing"))
