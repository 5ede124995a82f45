"""The errors that qdjunction raises on purpose.

Every message is one sentence a user can act on: it names the file or the object, the key, the value and the
remedy. The command line and the rule scripts print it without a traceback.
"""


class QdjunctionError(Exception):
    """Base class of every error raised on purpose."""


class InputError(QdjunctionError):
    """What the user gave cannot be used: a file, a key, a value."""


class StructureError(QdjunctionError):
    """A geometry that makes no physical sense: atoms that overlap, tips that touch, a contact that is not there."""


class EngineError(QdjunctionError):
    """An electronic-structure engine could not deliver: the SCF is stuck, the binary is missing."""


class MachineError(EngineError):
    """The machine ended a calculation or could not begin it: out of memory or time, a folder that another job works in.

    Nothing is wrong with the calculation itself, so it is tried again and never recorded as an outcome.
    """


class TransportError(QdjunctionError):
    """Matrices that no transmission can be computed from: not Hermitian, overlap not positive definite."""


class AnalysisError(QdjunctionError):
    """Results from which a quantity cannot be taken: gaps that do not overlap, a headline energy outside of T(E)."""
