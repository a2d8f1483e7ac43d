"""Product codes of the French pharmacy: keys, families, conversions, and what Excel did to them."""

import re
from decimal import Decimal
from enum import StrEnum


class CodeKind(StrEnum):
    """The family a bare number belongs to."""

    CIP13 = "cip13"
    CIP7 = "cip7"
    ACL13 = "acl13"
    EAN13 = "ean13"
    EAN8 = "ean8"
    UPC12 = "upc12"
    UCD13 = "ucd13"
    GTIN14_CASE = "gtin14_case"
    CIS = "cis"


class UnreadableCode(ValueError):
    """A code that cannot be read back; ``reason`` says in French what to do about it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_DIGITS = re.compile(r"[0-9]+")
_SCIENTIFIC = re.compile(r"([0-9])[.,]([0-9]+)[eE]\+?([0-9]{1,2})|[0-9]+[eE]\+[0-9]{1,2}")
_EXCEL_FORMULA = re.compile(r'="?([^"]*)"?')
_TRAILING_ZEROS = re.compile(r"([0-9]{6,})[.,]0+")
# Plain, no-break, narrow no-break and thin spaces, tabs, zero-width marks left by copy and paste.
_BLANKS = re.compile("[\\s\u200b\u200e\u200f\u202c\u2060\ufeff]+")


def are_digits(text: str) -> bool:
    """Tell whether ``text`` is made of ASCII digits only (``str.isdigit`` also accepts ``²``)."""
    return _DIGITS.fullmatch(text) is not None


def check_digit(digits: str) -> int:
    """Compute the EAN/GTIN key of a code written without it (7, 11, 12, 13 or 17 digits).

    From right to left the weights are 3, 1, 3, 1…; the key brings the sum to a multiple of ten
    (GS1 General Specifications, § 7.9).

    :raises ValueError: if ``digits`` is not made of ASCII digits.
    """
    if not are_digits(digits):
        raise ValueError(f"not a number: {digits!r}")
    values = [ord(digit) - 48 for digit in reversed(digits)]
    return -(3 * sum(values[::2]) + sum(values[1::2])) % 10


def has_valid_key(code: str) -> bool:
    """Tell whether an 8, 12, 13 or 14 digit code ends with the key of its other digits."""
    if len(code) not in (8, 12, 13, 14) or not are_digits(code):
        return False
    return check_digit(code[:-1]) == ord(code[-1]) - 48


def with_key(digits: str) -> str:
    """Append its key to a code written without it."""
    return f"{digits}{check_digit(digits)}"


def cip13_of(cip7: str) -> str:
    """Build the CIP13 that contains a CIP7: ``34009``, the seven digits, the EAN key.

    :raises ValueError: if ``cip7`` is not seven digits. Its own last digit is not a usable key.
    """
    if len(cip7) != 7 or not are_digits(cip7):
        raise ValueError(f"not a CIP7: {cip7!r}")
    return with_key(f"34009{cip7}")


def cip7_of(cip13: str) -> str | None:
    """Return the CIP7 inside a valid CIP13, ``None`` for any other code."""
    if kind_of(cip13) is not CodeKind.CIP13:
        return None
    return cip13[5:12]


def gtin14_of(code: str) -> str | None:
    """Normalise a code to the 14 digits that serve as pivot; ``None`` when its key is wrong."""
    if not are_digits(code):
        return None
    if len(code) == 7:
        code = cip13_of(code)
    return code.zfill(14) if has_valid_key(code) else None


def box_of_case(gtin14: str) -> str:
    """Return the 13-digit code of the box inside a case: drop indicator and key, compute the key.

    :raises ValueError: if ``gtin14`` is not fourteen digits.
    """
    if len(gtin14) != 14 or not are_digits(gtin14):
        raise ValueError(f"not a GTIN-14: {gtin14!r}")
    return with_key(gtin14[1:13])


def kind_of(digits: str) -> CodeKind | None:
    """Name the family of a bare number, ``None`` when it belongs to none or its key is wrong.

    A CIS and an EAN-8 both have eight digits. A number with a valid EAN-8 key is called an EAN-8
    (one CIS in ten has one by chance): whoever looks up a typed CIS must try both.
    """
    if not are_digits(digits):
        return None
    if len(digits) == 14 and digits[0] == "0":
        digits = digits[1:]
    match len(digits):
        case 7:
            return CodeKind.CIP7
        case 8:
            if has_valid_key(digits):
                return CodeKind.EAN8
            return CodeKind.CIS if digits[0] == "6" else None
        case 12:
            return CodeKind.UPC12 if has_valid_key(digits) else None
        case 13:
            return _kind_of_thirteen(digits) if has_valid_key(digits) else None
        case 14:
            return CodeKind.GTIN14_CASE if has_valid_key(digits) else None
        case _:
            return None


def _kind_of_thirteen(digits: str) -> CodeKind:
    if digits.startswith("34009"):
        return CodeKind.CIP13
    if digits.startswith("34008"):
        return CodeKind.UCD13
    if digits.startswith("3401"):
        return CodeKind.ACL13
    return CodeKind.EAN13


def clean_code(text: str) -> str:
    """Undo what spreadsheets do to a code: ``="…"``, apostrophe, spaces, ``.0``, 14 digits for 13.

    A lost leading zero is left to the caller, who alone knows whether the completed code exists.

    :raises UnreadableCode: if the code is empty or was rounded to ``3,40093E+12``.
    """
    code = _BLANKS.sub("", text)
    if code.startswith("="):
        formula = _EXCEL_FORMULA.fullmatch(code)
        code = formula[1] if formula else code
    code = code.strip("'’\"")
    if not code:
        raise UnreadableCode("Le code est vide.")
    if scientific := _SCIENTIFIC.fullmatch(code):
        return _expand(code, scientific)
    if zeros := _TRAILING_ZEROS.fullmatch(code):
        code = zeros[1]
    if len(code) == 14 and code[0] == "0" and are_digits(code):
        code = code[1:]
    return code


def _expand(code: str, scientific: re.Match[str]) -> str:
    unit, decimals, exponent = scientific.groups()
    # Only a mantissa with every digit still tells the code; Excel keeps five of them.
    if unit and len(decimals) == int(exponent):
        return str(int(Decimal(f"{unit}.{decimals}").scaleb(int(exponent))))
    raise UnreadableCode(
        f"Le code « {code} » a été arrondi par le tableur et ne peut pas être retrouvé : "
        "formatez la colonne en texte puis exportez à nouveau le fichier."
    )
