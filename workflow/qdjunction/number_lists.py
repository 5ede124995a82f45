"""Lists of numbers as they are typed on the command line."""

from qdjunction.core.errors import InputError


def parse_numbers(flag: str, text: str) -> list[float]:
    """Read a list such as `3.9,9.2,14.5`.

    Parameters
    ----------
    flag : str
        The option that an error is to name.
    text : str
        What was given.

    Raises
    ------
    InputError
        If a part is no number.
    """
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{flag} = {text!r}: not numbers; write e.g. 3.9,9.2,14.5,17.5") from None
