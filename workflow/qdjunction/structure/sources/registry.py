"""The structure sources by their name in the configuration."""

from qdjunction.core.registry import Registry
from qdjunction.structure.sources.contract import Source

SOURCES: Registry[Source] = Registry(
    "qdjunction.structure.sources", "qdjunction.structure_sources", "structure source"
)
