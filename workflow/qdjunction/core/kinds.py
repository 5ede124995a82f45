"""Type of a key whose value is a table of one of several kinds, each with its own keys."""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol, Union

from pydantic import BaseModel, BeforeValidator, Discriminator, Tag, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from qdjunction.core.schema import described

_NONE = "nothing"
"""Tag of None in the union of an optional table."""


class Kind(Protocol):
    """A registered kind whose settings are a table."""

    @property
    def name(self) -> str:
        """Value of the key ``kind``."""
        ...

    @property
    def Settings(self) -> type[BaseModel]:
        """The table; its field `kind` is a literal with `name` as the default."""
        ...


def table_of(
    kinds: Mapping[str, Kind], called: str, default: str = "", refused: Mapping[str, str] | None = None,
    optional: bool = False,
) -> Any:  # fmt: skip
    """Return the type of a key whose value is the table of one kind.

    Parameters
    ----------
    kinds : mapping
        A registry.
    called : str
        Description of a kind for errors, with ``{}`` in place of its name, e.g. ``{} leads``.
    default : str
        Kind of a table without the key ``kind``; if empty, the key is required.
    refused : mapping, optional
        Reasons why kinds are not allowed here, by name.
    optional : bool
        Whether the value may be None.

    Returns
    -------
    Any
        A union of the models. Errors point to the key as it is written. A key that belongs to another kind and a
        missing key have their own messages.
    """
    refused = refused or {}
    models = {name: kind.Settings for name, kind in kinds.items() if name not in refused}

    def check(value: Any) -> Any:
        if isinstance(value, BaseModel) or (optional and value is None):
            return value
        if not isinstance(value, Mapping):
            raise ValueError(f"write a table of keys, with kind: {default or next(iter(models))}")
        name = value.get("kind", default)
        if not isinstance(name, str) or name not in models:
            raise _at_kind(name, value, refused.get(str(name), f"choose one of {', '.join(models)}"))
        model = models[name]
        for key in value.keys() - model.model_fields.keys():
            owners = [other for other, fields in models.items() if key in fields.model_fields]
            if owners:
                raise ValueError(
                    f"{key} = {value[key]!r} is not used by {called.format(name)}; leave it out, or set kind to "
                    f"{' or '.join(owners)}"
                )
        for key, field in model.model_fields.items():
            if field.is_required() and value.get(key) is None:
                described(model)
                meaning = " ".join((field.description or key).split())
                raise ValueError(
                    f"kind {name} needs the key {key}: {meaning[0].lower()}{meaning[1:].rstrip('.')}"
                )
        return {**value, "kind": name}

    def kind_of(value: Any) -> Any:
        if optional and value is None:
            return _NONE
        return value.get("kind") if isinstance(value, Mapping) else getattr(value, "kind", None)

    # A discriminator by name would not allow the validators of `Section`.
    tagged: list[Any] = [Annotated[model, Tag(name)] for name, model in models.items()]
    if optional:
        tagged.append(Annotated[None, Tag(_NONE)])
    union: Any = Union[tuple(tagged)]  # noqa: UP007
    return Annotated[union, Discriminator(kind_of), BeforeValidator(check)]


def _at_kind(name: Any, value: Mapping[str, Any], reason: str) -> ValidationError:
    """Return an error that points to the key ``kind`` of a table."""
    detail: InitErrorDetails = (
        {
            "type": PydanticCustomError("unknown_kind", "{reason}", {"reason": reason}),
            "loc": ("kind",),
            "input": name,
        }
        if "kind" in value
        else {"type": "missing", "loc": ("kind",), "input": dict(value)}
    )
    return ValidationError.from_exception_data("kind", [detail])
