"""Interpretation of column headings.

Headings are free text. A unit is recognised in brackets or after a slash, an underscore or a comma, and so are a
few words for quantities. If a heading names nothing, the settings apply; if it names something other than
the settings, that is an error, since the numbers by themselves seldom reveal a wrong unit.
"""

import re
import unicodedata
from collections.abc import Sequence

from qdjunction.core.errors import InputError

LENGTHS = {
    "nm": "nm", "nanometer": "nm", "nanometers": "nm", "nanometre": "nm", "nanometres": "nm",
    "å": "ang", "ang": "ang", "a°": "ang", "angstrom": "ang", "angstroms": "ang", "pm": "pm",
    "μm": "um", "um": "um", "micron": "um", "microns": "um", "m": "m",
    "v": "volts", "volt": "volts", "volts": "volts",
}  # fmt: skip
"""Units of displacement, in lower case, and their names in the settings."""

CONDUCTANCES = {
    "g0": "g0", "g_0": "g0", "g/g0": "g0", "g/g_0": "g0", "2e2/h": "g0", "2e^2/h": "g0", "2e²/h": "g0",
    "s": "siemens", "siemens": "siemens", "μs": "microsiemens", "us": "microsiemens",
    "microsiemens": "microsiemens", "ns": "nanosiemens", "nanosiemens": "nanosiemens",
    "a": "amperes", "ampere": "amperes", "amperes": "amperes", "amp": "amperes", "amps": "amperes",
    "μa": "microamperes", "ua": "microamperes", "microamperes": "microamperes",
    "v": "volts", "volt": "volts", "volts": "volts",
    "na": "nanoamperes", "nanoamperes": "nanoamperes", "pa": "picoamperes", "picoamperes": "picoamperes",
}  # fmt: skip
"""Units of conductance and of current, in lower case, and their names in the settings."""

_OTHERS = {
    "mv": "millivolts", "kv": "kilovolts", "ms": "milliseconds or millisiemens", "sec": "seconds", "mm": "millimetres",
    "min": "minutes", "ma": "milliamperes", "ohm": "ohms", "Ω": "ohms", "ω": "ohms",
    "kohm": "kiloohms", "kω": "kiloohms", "mohm": "megaohms", "mω": "megaohms", "e2/h": "e2/h", "e^2/h": "e2/h",
    "e²/h": "e2/h", "k": "kelvin", "hz": "hertz", "nn": "nanonewtons", "ps": "picosiemens", "v/s": "volts a second",
    "nm/s": "nanometres a second", "db": "decibels",
}  # fmt: skip

_DISPLACEMENT_WORDS = re.compile(
    r"\b(displacement|distance|stretch\w*|elongation|extension|gap|separation|z|dz|x|height)\b"
)
_CONDUCTANCE_WORDS = re.compile(r"\b(conductance|log\s*(10)?|lg|logg|g)\b|^(log|lg)")
_OTHER_WORDS = re.compile(
    r"\b(time|index|number|no|nr|samples?|points?|traces?|bias|current|resistance|voltage|spannung|strom|zeit|"
    r"temperature|force|row)\b"
)

_CAPITAL_WITHIN = re.compile(r"(?:(?<=[a-z]{3})|(?<=^[xz]))(?=[A-ZÅ])")
"""Where a name such as `piezoVoltage` or `distanceNm` has its next word, as in formats without blanks in names."""

_BRACKETED = re.compile(r"[(\[{<]\s*([^()\[\]{}<>]+?)\s*[)\]}>]\s*$")
_ANGSTROM = re.compile(r"\b[aå]ngstr")
_AFTER_SIGN = re.compile(r"(/|_|,|\bin\b)\s*([^\s/_,]+)\s*$")
_LAST_WORD = re.compile(r"\s(\S+)$")
_LOGARITHM = re.compile(r"^\W*(?:log\s*_?(?:10)?|lg)(?![a-z]*arith)")

_QUANTITY_WORDS = re.compile(r"\b(time|current|voltage|resistance|piezo)\b")
_BRACKETS = re.compile(r"[(\[]\s*([^()\[\]]+?)\s*[)\]]")
_LOOSE_NUMBER = re.compile(r"(?<![A-Za-z\d])\d")

_E2_OVER_H = re.compile(r"(?<!2)e2/h|h/e2")
"""The quantum without its factor of 2, or a conductance times its inverse, in a text from `_letters`."""
_G0 = re.compile(r"g_?0|2e2/h|h/2e2")

_NOT_G0 = {
    *(word for word, unit in (CONDUCTANCES | _OTHERS).items() if unit != "g0"),
    *("i", "r", "current", "resistance", "voltage", "time"),
}


def is_heading_line(headings: Sequence[str], *, by_units: bool = False) -> bool:
    """Return whether the parts of a line can be column headings, rather than a note such as ``sample`` and a name.

    Parameters
    ----------
    headings : sequence of str
        The parts.
    by_units : bool
        Whether one of them must name a unit; otherwise the name of a quantity is enough.
    """
    texts = [_plain(heading) for heading in headings]
    if any(
        _unit(text, LENGTHS | CONDUCTANCES | _OTHERS) in LENGTHS | CONDUCTANCES | _OTHERS for text in texts
    ):
        return True
    words = [text.replace("_", " ") for text in texts]
    patterns = (_DISPLACEMENT_WORDS, _CONDUCTANCE_WORDS, _QUANTITY_WORDS)
    return not by_units and any(pattern.search(word) for pattern in patterns for word in words)


def check_header_line(line: str, displacement_unit: str, conductance_unit: str) -> None:
    """Compare the units named in a line that cannot be divided into headings with the settings.

    Parameters
    ----------
    line : str
        The last line before the numbers.
    displacement_unit, conductance_unit : str
        Those of `ReadSettings`.

    Raises
    ------
    InputError
        If the line names, in brackets, a unit that is neither. A line that contains a number is a note.
    """
    if _LOOSE_NUMBER.search(line):
        return
    for token in _BRACKETS.findall(_plain(line)):
        meanings = {units[token] for units in (LENGTHS, CONDUCTANCES, _OTHERS) if token in units}
        if meanings and not meanings & {displacement_unit, conductance_unit, "g0"}:
            raise InputError(
                f"the line '{line.strip()[:60]}' above the numbers names {' or '.join(meanings)}, which is neither "
                f"traces.read.displacement_unit ({displacement_unit}) nor conductance_unit ({conductance_unit}); "
                f"correct these or the line, with one heading for each column"
            )


def check_displacement_heading(headings: Sequence[str], unit: str) -> str | None:
    """Compare the heading of the displacement column with the settings.

    Parameters
    ----------
    headings : sequence of str
        The text above the column, the nearest line first, such as ``displacement (nm)``, ``z/nm`` or ``nm``.
    unit : str
        `ReadSettings.displacement_unit`.

    Returns
    -------
    str or None
        The unit named by a heading, as the settings call it; None if no heading names one.

    Raises
    ------
    InputError
        If a heading names another quantity or another unit.
    """
    for heading in headings:
        text = _plain(heading)
        words = text.replace("_", " ")
        # A is the ampere, or the Angstrom where Å is not available.
        lengths = LENGTHS | ({"a": "ang"} if _DISPLACEMENT_WORDS.search(words) else {})
        token = _unit(text, lengths | _OTHERS)
        named = lengths.get(token or "")
        other = _OTHER_WORDS.search(words)
        if named is None and other and other[1] == "voltage":
            named = "volts"
        is_conductance = token is None and _CONDUCTANCE_WORDS.search(words)
        is_quantity = other and (named is None or (named == "volts" and other[1] != "voltage"))
        if (
            _is_logarithm(text)
            or is_conductance
            or (token not in lengths and not is_quantity and _names(text, CONDUCTANCES))
        ):
            raise InputError(
                f"the heading '{heading.strip()}' of the displacement column names a conductance; correct "
                f"traces.read.displacement_column and conductance_column"
            )
        if other and is_quantity:
            raise InputError(
                f"the heading '{heading.strip()}' of the displacement column names no displacement ({other[1]}); "
                f"correct traces.read.displacement_column"
            )
        if (agreed := _compared(heading, named, token, "displacement", unit)) is not None:
            return agreed
    return None


def check_conductance_heading(headings: Sequence[str], unit: str) -> str | None:
    """Compare the heading of the conductance column with the settings; see `check_displacement_heading`.

    Parameters
    ----------
    headings : sequence of str
        Such as ``log10(G/G0)``, ``G (nS)``, ``I/nA`` or ``G0``, the nearest line first.
    unit : str
        `ReadSettings.conductance_unit`.

    Returns
    -------
    str or None
        The unit named by a heading, as the settings call it; None if no heading names one.

    Raises
    ------
    InputError
        If a heading names another quantity or another unit.
    """
    for heading in headings:
        text = _plain(heading)
        words = text.replace("_", " ")
        if re.match(r"^\W*ln\b|^\W*ln\(", text):
            raise InputError(
                f"the heading '{heading.strip()}' names a natural logarithm; write log10(G/G0) or G/G0"
            )
        token = _unit(text, CONDUCTANCES | _OTHERS)
        named = CONDUCTANCES.get(token or "")
        if _is_logarithm(text):
            argument = _LOGARITHM.sub("", text)
            if _E2_OVER_H.search(_letters(argument)) or _NOT_G0.intersection(
                re.findall(r"[^\W_]+", argument)
            ):
                raise InputError(
                    f"the heading '{heading.strip()}' names a logarithm of something other than G/G0; write log10(G/G0)"
                )
            named = "log10_g0"
        elif named is None and (
            _names(text, LENGTHS) or (token is None and _DISPLACEMENT_WORDS.search(words))
        ):
            raise InputError(
                f"the heading '{heading.strip()}' of the conductance column names no conductance; correct "
                f"traces.read.displacement_column and conductance_column"
            )
        elif named is None and token is None and (other := _OTHER_WORDS.search(words)):
            raise InputError(
                f"the heading '{heading.strip()}' of the conductance column names no conductance ({other[1]}); correct "
                f"traces.read.conductance_column"
            )
        if (agreed := _compared(heading, named, token, "conductance", unit)) is not None:
            return agreed
    return None


def unit_notes(
    displacement_headings: Sequence[str],
    conductance_headings: Sequence[str],
    displacement_unit: str,
    conductance_unit: str,
) -> tuple[str, ...]:
    """Compare the headings of both columns with the settings, and return the assumptions about what they leave open.

    Parameters
    ----------
    displacement_headings, conductance_headings : sequence of str
        The texts above the columns, or the units and names of arrays.
    displacement_unit, conductance_unit : str
        Those of `ReadSettings`.

    Raises
    ------
    InputError
        If a heading names another quantity or another unit.
    """
    notes = []
    if check_displacement_heading(displacement_headings, displacement_unit) is None:
        notes.append(f"displacement in {displacement_unit} as set by traces.read; no heading names a unit")
    if check_conductance_heading(conductance_headings, conductance_unit) is None:
        notes.append(f"conductance in {conductance_unit} as set by traces.read; no heading names a unit")
    elif conductance_unit == "log10_g0" and not any(
        _G0.search(_letters(_plain(heading))) for heading in conductance_headings
    ):
        notes.append(
            "conductance in log10_g0 as set by traces.read; the heading of the logarithm names no reference"
        )
    return tuple(notes)


def _letters(text: str) -> str:
    """Return letters, digits, underscores and slashes of a text."""
    return re.sub(r"[^\w/]", "", text)


def _compared(heading: str, named: str | None, token: str | None, quantity: str, unit: str) -> str | None:
    """Return the unit named by a heading, None if there is none; refuse a unit that differs from the settings."""
    if named is not None and named != unit:
        raise InputError(_contradiction(heading, named, f"{quantity}_unit", unit))
    if named is None and token is not None:
        raise InputError(_unknown(heading, token, quantity))
    return named


def _plain(heading: str) -> str:
    text = unicodedata.normalize("NFKC", heading).strip().strip("\"'").strip()
    return (_CAPITAL_WITHIN.sub("_", text) if text.isidentifier() else text).lower()


def _is_logarithm(text: str) -> bool:
    return _LOGARITHM.match(text) is not None


def _names(text: str, units: dict[str, str]) -> bool:
    return _unit(text, units) in units


def _unit(text: str, units: dict[str, str]) -> str | None:
    """Return the unit in a heading: the text in brackets or after a slash; elsewhere only one of `units`."""
    if text in units:
        return text
    if "å" in units and _ANGSTROM.search(text):
        return "å"
    if found := _BRACKETED.search(text):
        return found[1]
    if found := _AFTER_SIGN.search(text):
        return found[2] if found[2] in units or found[1] == "/" else None
    # A single letter at the end is more likely a name ("electrode A") than a unit.
    found = _LAST_WORD.search(text)
    return found[1] if found and found[1] in units and (len(found[1]) > 1 or found[1] in "åv") else None


def _contradiction(heading: str, named: str, key: str, unit: str) -> str:
    more = ""
    if named == "volts" and key == "displacement_unit":
        more = " and nm_per_volt to the calibration of the piezo"
    elif named == "volts":
        more = ", gain_v_per_a to the gain of the amplifier and bias_v to the bias"
    elif named.endswith("amperes"):
        more = " and bias_v to the bias"
    return (
        f"the column heading '{heading.strip()}' names {named}, but traces.read.{key} is {unit}; "
        f"set it to {named}{more}"
    )


def _unknown(heading: str, token: str, quantity: str) -> str:
    named = _OTHERS.get(token, f"'{token}'")
    known = LENGTHS if quantity == "displacement" else CONDUCTANCES
    return (
        f"the column heading '{heading.strip()}' names {named}, in which {quantity} cannot be read; convert it to "
        f"one of {', '.join(dict.fromkeys(known.values()))}"
    )
