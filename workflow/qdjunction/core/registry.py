"""Registry of interchangeable kinds, such as leads or engines: modules of a package and entry points."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Generic, TypeVar

from qdjunction.core.errors import InputError

T = TypeVar("T")

ATTRIBUTE = "KIND"
"""Name of the attribute by which a module of the package defines a kind."""


class Registry(Mapping[str, T], Generic[T]):
    """Kinds by the name that a configuration uses for them.

    A kind is part of the library as a module of `package` that defines ``KIND``, or of another installed distribution
    as an entry point of `group`. Modules without ``KIND`` are helpers of the others.

    Parameters
    ----------
    package : str
        Package whose modules are searched, e.g. ``qdjunction.transport.leads``.
    group : str
        Group of entry points, e.g. ``qdjunction.leads``.
    what : str
        Name of a kind in errors, e.g. ``kind of lead``.

    Raises
    ------
    InputError
        On first use, if an entry point cannot be loaded or two kinds have the same name; by ``registry[name]``, if
        there is no kind of that name.

    Notes
    -----
    A kind needs an attribute `name`. Modules whose source names ``KIND`` are imported on first use, so they must be
    cheap to import; helpers need not be.
    """

    def __init__(self, package: str, group: str, what: str) -> None:
        self.package, self.group, self.what = package, group, what

    def __getitem__(self, name: str) -> T:
        try:
            return self._kinds[name]
        except KeyError:
            raise InputError(
                f"there is no {self.what} '{name}'; choose one of {', '.join(self._kinds)}"
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self._kinds

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    @cached_property
    def _kinds(self) -> dict[str, T]:
        kinds: dict[str, T] = {}
        origin: dict[str, str] = {}
        for kind, where in (*self._of_library(), *self._of_others()):
            name = kind.name  # type: ignore[attr-defined]
            if name in kinds:
                raise InputError(
                    f"two kinds are called '{name}', a {self.what} of {origin[name]} and one of {where}; uninstall one"
                )
            kinds[name], origin[name] = kind, where
        return kinds

    def _of_library(self) -> Iterator[tuple[T, str]]:
        package = import_module(self.package)
        for module in iter_modules(package.__path__):
            name = f"{self.package}.{module.name}"
            if _may_define_kind(name) and hasattr(found := import_module(name), ATTRIBUTE):
                yield getattr(found, ATTRIBUTE), name

    def _of_others(self) -> Iterator[tuple[T, str]]:
        for entry in entry_points(group=self.group):
            where = entry.dist.name if entry.dist else entry.value
            try:
                yield entry.load(), where
            except Exception as error:  # whatever another distribution raises, the message must name it
                raise InputError(
                    f"{where}: its {self.what} '{entry.name}' cannot be imported ({type(error).__name__}: {error}); "
                    "repair or uninstall it"
                ) from error


def _may_define_kind(module: str) -> bool:
    """Return whether the source of a module contains the attribute, or there is no source to search."""
    spec = find_spec(module)
    read = getattr(spec.loader, "get_source", None) if spec else None
    source = read(module) if read else None
    return source is None or ATTRIBUTE in source
