"""Errors that qdjunction raises deliberately.

Every message is one sentence that a user can act on: it names the file or the object, the key, the value and the
remedy. The command line and the rule scripts print it without a traceback.
"""


class QdjunctionError(Exception):
    """Base class of all errors raised deliberately."""


class InputError(QdjunctionError):
    """An input that cannot be used: a file, a key, a value."""


class StructureError(QdjunctionError):
    """A geometry that makes no physical sense: overlapping atoms, tips that touch, a missing contact."""


class EngineError(QdjunctionError):
    """An electronic-structure calculation that failed: the SCF does not converge, the binary is missing."""


class MachineError(EngineError):
    """A calculation that the machine ended or could not start: out of memory or time, a folder in use by another job.

    The calculation itself is not at fault, so it is retried and never recorded as a failure.
    """


class TransportError(QdjunctionError):
    """Matrices from which no transmission can be computed: not Hermitian, overlap not positive definite."""


class AnalysisError(QdjunctionError):
    """Results from which a quantity cannot be derived: gaps that do not overlap, a headline energy outside T(E)."""
