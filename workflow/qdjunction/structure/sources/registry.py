"""The structure sources by the name that the configuration gives them."""

from qdjunction.core.registry import Registry
from qdjunction.structure.sources.contract import Source

SOURCES: Registry[Source] = Registry(
    "qdjunction.structure.sources", "qdjunction.structure_sources", "structure source"
)
