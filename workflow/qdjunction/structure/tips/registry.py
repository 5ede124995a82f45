"""The kinds of tips: modules of this package and entry points of other distributions."""

from qdjunction.core.registry import Registry
from qdjunction.structure.tips.contract import TipKind

TIPS: Registry[TipKind] = Registry("qdjunction.structure.tips", "qdjunction.tips", "kind of tip")
"""Every kind of tip by its name."""
