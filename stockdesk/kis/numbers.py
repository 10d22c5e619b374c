"""Numbers as they come: from the wire, and as people type them.

``int()`` and ``Decimal()`` take ``12_300``, ``NaN``, Arabic digits and ``1e9``; a price must not come in that way.
"""

import re
from decimal import Decimal

NO_VALUE = frozenset(("", "(null)"))

# 30 digits hold any zero padding KIS uses; more is garbage, and int() of thousands of digits is slow.
_WIRE_INT = re.compile(r"[+-]?[0-9]{1,30}").fullmatch
_WIRE_DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,12})?").fullmatch

_CODES = ("1", "2", "3", "4", "5")  # upper limit, up, unchanged, lower limit, down
_UP = ("1", "2")
_DOWN = ("4", "5")

_PLAIN = re.compile(r"[0-9]+").fullmatch
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+").fullmatch
_WIDE = str.maketrans("０１２３４５６７８９，", "0123456789,")
_BLANKS = dict.fromkeys(map(ord, " \t\u00a0\u3000"))


class WireNumberError(ValueError):
    """Text where KIS should have sent a number. The text itself is not repeated."""


class TypedNumberError(ValueError):
    """A number somebody typed that is not clear enough to act on; the message is one sentence.

    ``reason`` is the key of that sentence, for whoever says it in another language.
    """

    SENTENCES = {
        "empty": "No number was entered.",
        "not_a_number": "Only digits and commas may be used.",
        "groups": "Commas must separate groups of three digits.",
        "leading_zero": "The number must not begin with a zero.",
        "zero": "The number must be greater than zero.",
        "too_large": "The number is too large.",
    }

    def __init__(self, reason: str) -> None:
        super().__init__(self.SENTENCES[reason])
        self.reason = reason


def wire_int(text: str) -> int | None:
    """A whole number of the wire, zero padded or not, signed or not; None where KIS sent no value."""
    if _WIRE_INT(text) or _WIRE_INT(text := text.strip()):
        return int(text)
    if text in NO_VALUE:
        return None
    raise WireNumberError("not a whole number")


def wire_decimal(text: str) -> Decimal | None:
    """A decimal number of the wire; None where KIS sent no value."""
    if _WIRE_DECIMAL(text) or _WIRE_DECIMAL(text := text.strip()):
        return Decimal(text)
    if text in NO_VALUE:
        return None
    raise WireNumberError("not a number")


def wire_amount(text: str, limit: int) -> int | None:
    """A price or volume of at most ``limit``. None for no value, which KIS also writes as 0; negative is an error."""
    if text.isascii() and text.isdigit() and len(text) <= 30:  # nearly always, and in half the time of the pattern
        number: int | None = int(text)
    else:
        number = wire_int(text)
    if not number:
        return None
    if not 0 < number <= limit:
        raise WireNumberError("out of range")
    return number


def wire_change(text: str, code: str, limit: int) -> tuple[int | None, str | None]:
    """The change against the previous close, signed, and a sign code (1-5) that agrees with it.

    The two can disagree on the wire: a sign written at the number is believed, the code only where there is none.
    """
    change = wire_int(text)
    if change is None:
        return None, code if code in _CODES else None
    if change > 0 and code in _DOWN and "+" not in text:
        change = -change
    if not -limit <= change <= limit:
        raise WireNumberError("out of range")
    if change > 0:
        return change, code if code in _UP else "2"
    if change < 0:
        return change, code if code in _DOWN else "5"
    return change, "3"


def wire_rate(text: str, sign: str | None) -> Decimal | None:
    """A rate of change in percent, -100 to 1000; like ``wire_change`` it takes a missing sign from ``sign``."""
    rate = wire_decimal(text)
    if rate is None:
        return None
    if sign in _DOWN and rate > 0 and "+" not in text:
        rate = -rate
    if not -100 <= rate <= 1000:
        raise WireNumberError("out of range")
    return rate


def typed_number(text: str, limit: int) -> int:
    """The whole number above zero and below ``limit`` that somebody typed (board, admin), else TypedNumberError.

    ``１２，３００``, ``₩12,300`` and ``12,300원`` are 12300. What leaves room for two readings is refused, never
    guessed: there is no NFKC here, for it would read ``12²00`` as 12200.
    """
    digits = text.strip().translate(_BLANKS).translate(_WIDE)
    digits = digits.removeprefix("₩")
    if digits.endswith(("원", "주")):
        digits = digits[:-1]
    if not digits:
        raise TypedNumberError("empty")
    if not _PLAIN(digits):
        if digits.strip("0123456789,"):
            raise TypedNumberError("not_a_number")
        if not _GROUPED(digits):
            raise TypedNumberError("groups")
        digits = digits.replace(",", "")
    if not digits.strip("0"):
        raise TypedNumberError("zero")
    if digits.startswith("0"):
        raise TypedNumberError("leading_zero")
    if len(digits) > len(str(limit)) or int(digits) >= limit:
        raise TypedNumberError("too_large")
    return int(digits)
