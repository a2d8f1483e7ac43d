"""Any text a scanner or a person sends → what it is: a box, a case, a parcel, a bare code, a text.

Repairs what wrong keyboards and lost separators did (and says so); never invents a serial number
in silence. The table of application identifiers is biip's; the reader is ours, because it must
save the product code and the expiry of a message that a strict parser refuses whole.
"""

import calendar
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from biip import ParseError
from biip.gs1_application_identifiers import GS1ApplicationIdentifier

from backofficine.formats.codes import (
    CodeKind,
    are_digits,
    box_of_case,
    check_digit,
    has_valid_key,
    kind_of,
)
from backofficine.formats.keyboard import Layout, undo

GS = "\x1d"
_LONGEST_TEXT = 2000  # a DataMatrix holds 2,335 letters; ours hold 60
_LONGEST_LOT = 20


class ReadingKind(StrEnum):
    """What was read."""

    BOX = "box"
    PRODUCT_CODE = "product_code"
    CASE = "case"
    PARCEL = "parcel"
    UNIT = "unit"
    TWO_CODES = "two_codes"
    TEXT = "text"


class Repair(StrEnum):
    """What was mended before the text could be read: each calls for setting the scanner right."""

    KEYBOARD = "keyboard"
    CASE = "case"
    SEPARATOR = "separator"
    PREFIX = "prefix"
    PARENTHESES = "parentheses"
    DIGITAL_LINK = "digital_link"


class Doubt(StrEnum):
    """What a person must confirm before the value is recorded."""

    SERIAL_UNSURE = "serial_unsure"
    LOT_UNSURE = "lot_unsure"
    CASE_UNSURE = "case_unsure"
    BAD_KEY = "bad_key"
    BAD_DATE = "bad_date"


@dataclass(frozen=True)
class Reading:
    """One reading. ``text`` is the repaired text, ``raw`` what arrived.

    ``code`` is what to look up: the 13 digits of the box (of the box inside, for a case), the bare
    digits, or the 18 digits of a parcel. ``gtin`` keeps the 14 digits printed on a GS1 label.
    ``cuts`` lists the possible (lot, serial) pairs when a lost separator leaves a choice.
    """

    raw: str
    text: str
    layout: Layout
    repairs: tuple[Repair, ...]
    kind: ReadingKind
    code: str = ""
    gtin: str = ""
    lot: str = ""
    expires_on: date | None = None
    expiry_text: str = ""
    serial: str = ""
    inner_quantity: int | None = None
    doubts: tuple[Doubt, ...] = ()
    codes: tuple[str, ...] = ()
    cuts: tuple[tuple[str, str], ...] = ()


KnownLots = Callable[[str], Collection[str]]


def box_code(*, cip13: str, lot: str, expires_on: date, serial: str = "") -> str:
    """Write the content of a French box's DataMatrix, in the usual order 01, 17, 10, 21.

    :raises ValueError: if the code has a wrong key, or a text does not fit GS1 set 82.
    """
    if len(cip13) != 13 or not has_valid_key(cip13):
        raise ValueError(f"not a 13-digit code with a valid key: {cip13!r}")
    if _SET_82.fullmatch(lot) is None or (serial and _SET_82.fullmatch(serial) is None):
        raise ValueError(f"lot and serial hold 1 to 20 signs of GS1 set 82: {lot!r}, {serial!r}")
    text = f"010{cip13}17{expires_on:%y%m%d}10{lot}"
    return f"{text}{GS}21{serial}" if serial else text


def spellings(raw: str, *, remembered: Layout | None = None) -> tuple[str, ...]:
    """List what a text may have been before the keyboard, likeliest first, without repeats.

    For locations, badges and slots, which have no key: the caller keeps the spelling that exists.
    """
    text = raw.strip()
    return tuple(
        dict.fromkeys(undo(text, layout) for layout in (Layout.AS_SENT, *_order(remembered)))
    )


def read(
    raw: str,
    *,
    today: date,
    remembered: Layout | None = None,
    separators: str = "|~#^",
    known_lots: KnownLots | None = None,
) -> Reading:
    """Read any text. Never raises; what cannot be understood comes back as a TEXT.

    :param today: gives the century of two-digit years and the plausible range of expiry dates.
    :param remembered: the layout that last proved right on this workstation; tried first.
    :param separators: signs that this workstation's scanner may send in place of GS.
    :param known_lots: lots already known for a code, to mend a lost separator with certainty.
    """
    stripped = raw.strip(_EDGES)
    best: _Attempt | None = None
    if len(stripped) <= _LONGEST_TEXT and any(
        "0" <= sign <= "9" or sign in _AZERTY_DIGITS for sign in stripped
    ):
        for layout in _order(_witness(stripped) or remembered):
            attempt = _attempt(undo(stripped, layout), layout, separators=separators, today=today)
            if attempt and (best is None or attempt.grade > best.grade):
                best = attempt
                if attempt.grade == _WHOLE:
                    break
    if best is None:
        return Reading(raw, raw.strip(), Layout.AS_SENT, (), ReadingKind.TEXT)
    rival: _Attempt | None = None
    if best.layout is not Layout.AS_SENT and not best.is_witnessed:
        # Caps Lock comes and goes: what also reads well as it was sent is not proved.
        rival = _attempt(stripped, Layout.AS_SENT, separators=separators, today=today)
    is_rivalled = bool(rival and rival.grade == best.grade and rival.text != best.text)
    return _conclude(raw, best, today=today, known_lots=known_lots, is_rivalled=is_rivalled)


# --- Which keyboard -------------------------------------------------------------------------------

_AZERTY_DIGITS = frozenset("&é\"'(-è_çà")
_EDGES = " \t\r\n\f\v\u00a0\ufeff"

# The symbology prefix is a witness: it only ever starts with `]`, then a letter of known case.
_WITNESSES = {"$": Layout.AZERTY, "£": Layout.AZERTY_CAPS}
_INVERTED_PREFIX = re.compile(r"\](?:D[12]|c[01]|q[13]|a0|i0)")


def _witness(text: str) -> Layout | None:
    if _INVERTED_PREFIX.match(text):
        return Layout.CASE_INVERTED
    if text.startswith("]"):
        return Layout.AS_SENT
    return _WITNESSES.get(text[:1])


def _order(first: Layout | None) -> tuple[Layout, ...]:
    return _ORDERS[first or Layout.AS_SENT]


_ORDERS = {
    first: (first, *(layout for layout in Layout if layout is not first)) for first in Layout
}

# --- One layout, one attempt ----------------------------------------------------------------------

# Grades of an attempt: everything fits; the code is sure but something else is not; a wrong key.
_WHOLE, _PARTIAL, _WRONG_KEY = 3, 2, 1


@dataclass(frozen=True, slots=True)
class _Attempt:
    layout: Layout
    text: str
    grade: int
    kind: ReadingKind
    code: str
    gtin: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    repairs: tuple[Repair, ...] = ()
    codes: tuple[str, ...] = ()
    is_witnessed: bool = False
    lost_separators: bool = False


_PREFIX = re.compile(r"\]([A-Za-z])([0-9A-Fm])")
# GS1 content only hides behind these; behind the others a `01…` is somebody else's business.
_GS1_PREFIXES = {"]d2", "]D2", "]C1", "]c1", "]e0", "]Q3", "]q3", "]J1"}
_NAMED_SEPARATOR = re.compile(r"\{GS\}|<GS>|\[GS\]|\{gs\}|<gs>|\[gs\]|␝|\\x1[dD]|\\u001[dD]")
_SECOND_CODE = re.compile(r"\][dD]2(?=01[0-9]{14})")
_NOISE = "\x00\x01\x02\x03\x04\x05\x1c\x1d\x1e*"


def _attempt(text: str, layout: Layout, *, separators: str, today: date) -> _Attempt | None:
    prefix = _PREFIX.match(text)
    body = text[prefix.end() :] if prefix else text
    repairs: tuple[Repair, ...] = ()
    if link := _DIGITAL_LINK.match(body):
        return _read_link(link, layout)
    if body[:1] in _NOISE and (bare := body.lstrip(_NOISE)) != body:
        # A leading FNC1 sent as GS is usual; anything else is a prefix nobody asked for.
        if body[: len(body) - len(bare)].strip(GS):
            repairs = (Repair.PREFIX,)
        body = bare.rstrip("*") if "*" in body[: len(body) - len(bare)] else bare
    if " " in body and has_valid_key(squeezed := body.replace(" ", "")):
        body = squeezed  # a code typed as it is printed, by groups
    if are_digits(body) and (number := _read_number(body, layout)):
        return replace(number, repairs=repairs, is_witnessed=bool(prefix))
    if prefix and prefix[0] not in _GS1_PREFIXES:
        return None
    if body.startswith("("):
        if (elements := _from_parentheses(body)) is None:
            return None
        body, repairs = elements, (*repairs, Repair.PARENTHESES)
    elif not body[:1].isascii() or not body[:1].isdigit():
        return None
    else:
        separated = _NAMED_SEPARATOR.sub(GS, body)
        for sign in separators:
            separated = separated.replace(sign, GS)
        if separated != body:
            body, repairs = separated, (*repairs, Repair.SEPARATOR)
    body = body.strip(GS)
    if second := _SECOND_CODE.search(body):
        codes = (_first_gtin(body), body[second.end() + 2 : second.end() + 16])
        return _two_codes(body, layout, tuple(code for code in codes if code))
    fields, rest = _elements(body)
    attempt = _weigh(body, fields, rest, layout, today)
    if attempt is None:
        return None
    return replace(attempt, repairs=repairs, is_witnessed=bool(prefix))


def _read_number(digits: str, layout: Layout) -> _Attempt | None:
    """Read bare digits, unless they are a GS1 message whose lot happens to be a number."""
    length = len(digits)
    if length >= 16 and digits.startswith("01") and has_valid_key(digits[2:16]):
        return None
    if length == 20 and digits.startswith("00") and _is_sscc(digits[2:]):
        return _Attempt(layout, digits, _WHOLE, ReadingKind.PARCEL, digits[2:])
    if length == 18 and _is_sscc(digits):
        return _Attempt(layout, digits, _WHOLE, ReadingKind.PARCEL, digits)
    if length in (26, 27, 28):
        for middle in {13, 14} & {13, length - 13, length - 14}:
            halves = digits[:middle], digits[middle:]
            if all(len(half) in (13, 14) and has_valid_key(half) for half in halves):
                return _two_codes(digits, layout, halves)
    kind = kind_of(digits)
    if kind is CodeKind.GTIN14_CASE:
        box = box_of_case(digits)
        return _Attempt(layout, digits, _WHOLE, ReadingKind.CASE, box, gtin=digits)
    if length == 14 and digits[0] == "0":
        digits = digits[1:]
    if kind is CodeKind.UCD13:
        return _Attempt(layout, digits, _WHOLE, ReadingKind.UNIT, digits)
    if kind is not None:
        return _Attempt(layout, digits, _WHOLE, ReadingKind.PRODUCT_CODE, digits)
    if length in (13, 14):
        return _Attempt(layout, digits, _WRONG_KEY, ReadingKind.PRODUCT_CODE, digits)
    return None


def _two_codes(text: str, layout: Layout, codes: tuple[str, ...]) -> _Attempt:
    codes = tuple(_short(code) for code in codes)
    return _Attempt(layout, text, _WHOLE, ReadingKind.TWO_CODES, codes[0], codes=codes)


def _short(code: str) -> str:
    return code[1:] if len(code) == 14 and code[0] == "0" else code


def _is_sscc(digits: str) -> bool:
    return check_digit(digits[:-1]) == int(digits[-1])


def _first_gtin(body: str) -> str:
    return body[2:16] if body.startswith("01") else ""


# --- The grammar of elements ----------------------------------------------------------------------

# biip's patterns know lengths and signs; dates are taken by length, to survive a month 13.
_SET_82 = re.compile(r"[!-\"%-/0-9:-?A-Z_a-z]{1,20}")
_SIGNS_82 = re.compile(r"[!-\"%-/0-9:-?A-Z_a-z]+")
_FIXED_LENGTHS = {"00": 18, "01": 14, "02": 14} | dict.fromkeys(
    ("11", "12", "13", "15", "16", "17"), 6
)


@lru_cache(maxsize=4096)
def _identifier(head: str) -> tuple[str, re.Pattern[str]] | None:
    """Find the application identifier that begins these (at most four) digits."""
    try:
        found = GS1ApplicationIdentifier.extract(head)
    except ParseError:
        return None
    return found.ai, re.compile(found.pattern)


def _elements(body: str) -> tuple[list[tuple[str, str]], str]:
    """Split a message into (identifier, value) pairs, and what follows the last readable one."""
    fields: list[tuple[str, str]] = []
    at = 0
    while at < len(body):
        if body[at] == GS:
            at += 1
            continue
        found = _identifier(body[at : at + 4])
        if found is None:
            return fields, body[at:]
        identifier, pattern = found
        start = at + len(identifier)
        if length := _FIXED_LENGTHS.get(identifier):
            value = body[start : start + length]
            if len(value) < length or not are_digits(value):
                return fields, body[at:]
            at = start + length
        else:
            end = body.find(GS, start)
            value = body[start:] if end < 0 else body[start:end]
            if identifier in ("10", "21"):
                fits = bool(value)
            elif not (fits := pattern.fullmatch(identifier + value) is not None):
                # Fixed-length identifiers other than dates need no separator: take their share.
                share = _fixed_share(identifier, pattern, value)
                fits, value, end = bool(share), share, start + len(share)
            if not fits:
                return fields, body[at:]
            at = len(body) if end < 0 else end
        fields.append((identifier, value))
    return fields, ""


def _fixed_share(identifier: str, pattern: re.Pattern[str], value: str) -> str:
    if _is_variable(identifier):
        return ""
    for length in range(1, min(len(value), 30) + 1):
        if pattern.fullmatch(identifier + value[:length]):
            return value[:length]
    return ""


@lru_cache(maxsize=4096)
def _is_variable(identifier: str) -> bool:
    return GS1ApplicationIdentifier.extract(identifier).separator_required


def _weigh(
    body: str, fields: list[tuple[str, str]], rest: str, layout: Layout, today: date
) -> _Attempt | None:
    """Decide what a list of elements is, and how far the layout can be believed."""
    found = dict(reversed(fields))
    gtins = [value for identifier, value in fields if identifier == "01"]
    lost = _has_lost_separators(body, found)
    if "00" in found and not gtins:
        kind, code, gtin = ReadingKind.PARCEL, found["00"], found.get("02", "")
        grade = _WHOLE if _is_sscc(code) else _WRONG_KEY
    elif gtin := found.get("01") or found.get("02", ""):
        if len(set(gtins)) > 1 and all(map(has_valid_key, gtins)):
            return _two_codes(body, layout, tuple(gtins))
        kind, code = _box_or_case(gtin, is_content="01" not in found)
        grade = _WHOLE if has_valid_key(gtin) else _WRONG_KEY
        if grade == _WHOLE and not _is_clean(found, rest, today):
            grade = _PARTIAL
    else:
        return None
    if grade == _WRONG_KEY and rest:
        return None
    return _Attempt(
        layout, body, grade, kind, code, gtin, fields=tuple(fields), lost_separators=lost
    )


def _box_or_case(gtin: str, *, is_content: bool) -> tuple[ReadingKind, str]:
    code = gtin[1:] if gtin[0] == "0" else box_of_case(gtin)
    if gtin[0] != "0" or is_content:
        return ReadingKind.CASE, code
    if code.startswith("34008"):
        return ReadingKind.UNIT, code
    return ReadingKind.BOX, code


def _is_clean(found: dict[str, str], rest: str, today: date) -> bool:
    if rest:
        return False
    if "17" in found and not _is_plausible(day_of(found["17"], today=today), today):
        return False
    return all(
        _SIGNS_82.fullmatch(found[identifier]) for identifier in ("10", "21") if identifier in found
    )


# --- Dates ----------------------------------------------------------------------------------------


def day_of(yymmdd: str, *, today: date) -> date | None:
    """Turn AAMMJJ into a date, day 00 being the month's last; ``None`` if there is no such day.

    The century follows GS1 General Specifications § 7.12: the one that brings the year within
    fifty years of today's.
    """
    if len(yymmdd) != 6 or not are_digits(yymmdd):
        return None
    year, month, day = int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:])
    gap = year - today.year % 100
    century = today.year // 100 + (gap <= -50) - (gap >= 51)
    year += century * 100
    if not 1 <= month <= 12:
        return None
    last = calendar.monthrange(year, month)[1]
    return date(year, month, day or last) if day <= last else None


def _is_plausible(day: date | None, today: date) -> bool:
    """Medicines live five years at most; a very old box may still come out of a drawer."""
    return day is not None and today.year - 15 <= day.year <= today.year + 15


# --- Lost separators ------------------------------------------------------------------------------


def _has_lost_separators(body: str, found: dict[str, str]) -> bool:
    """Tell whether a lot or serial seems to have swallowed the next fields."""
    if GS in body:
        # The scanner does send separators; only an impossible length is then suspect.
        return any(len(found.get(identifier, "")) > _LONGEST_LOT for identifier in ("10", "21"))
    lot, serial = found.get("10", ""), found.get("21", "")
    if max(len(lot), len(serial)) > _LONGEST_LOT:
        return True
    undated = {"17"} - found.keys()
    if lot and len(lot) > 10:
        return any(lot.find(other, 1) > 0 for other in undated | ({"21"} - found.keys()))
    # A box with a serial number always has a lot: without one, the serial holds it.
    return any(serial.find(other, 1) > 0 for other in undated | ({"10"} - found.keys()))


def _cuts(
    value: str, *, first: str, missing: frozenset[str], today: date
) -> Iterator[dict[str, str]]:
    """Yield every way to read ``value`` as field ``first`` followed by some of ``missing``."""
    if _SET_82.fullmatch(value):
        yield {first: value}
    for at in range(1, min(len(value) - 2, _LONGEST_LOT) + 1):
        following = value[at : at + 2]
        if following not in missing or not _SET_82.fullmatch(value[:at]):
            continue
        tail, others = value[at + 2 :], missing - {following}
        if following == "17":
            if not _is_plausible(day_of(tail[:6], today=today), today):
                continue
            if len(tail) == 6:
                yield {first: value[:at], "17": tail}
            elif tail[6:8] in others:
                for rest in _cuts(
                    tail[8:], first=tail[6:8], missing=others - {tail[6:8]}, today=today
                ):
                    yield {first: value[:at], "17": tail[:6]} | rest
        elif tail:
            for rest in _cuts(tail, first=following, missing=others, today=today):
                yield {first: value[:at]} | rest


@dataclass(frozen=True, slots=True)
class _Mended:
    fields: dict[str, str]
    repairs: tuple[Repair, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    cuts: tuple[tuple[str, str], ...] = ()


def _mend_separators(attempt: _Attempt, today: date, known: Collection[str]) -> _Mended:
    """Put lost separators back when one reading is certain or alone; otherwise leave the choice."""
    found = dict(reversed(attempt.fields))
    swallower = "10" if len(found.get("10", "")) >= len(found.get("21", "")) else "21"
    value = found[swallower]
    missing = frozenset({"10", "21", "17"} - found.keys())
    if value in known and swallower == "10":
        return _Mended(found)
    kept = {identifier: text for identifier, text in found.items() if identifier != swallower}
    choices: list[dict[str, str]] = []
    if len(value) <= 3 * _LONGEST_LOT + 10:
        choices = [
            kept | cut for cut in _cuts(value, first=swallower, missing=missing, today=today)
        ]
    by_known_lot = [choice for choice in choices if choice.get("10") in known and "21" in choice]
    complete = [choice for choice in choices if {"10", "17", "21"} <= choice.keys()]
    pairs = tuple(dict.fromkeys((choice["10"], choice["21"]) for choice in complete))
    if len(by_known_lot) == 1:
        return _Mended(by_known_lot[0], (Repair.SEPARATOR,), (Doubt.SERIAL_UNSURE,), pairs)
    if len(complete) == 1:
        doubts: tuple[Doubt, ...] = (Doubt.SERIAL_UNSURE,)
        if len(value) <= _LONGEST_LOT:
            # The whole could also be one long field.
            doubts = (*doubts, Doubt.LOT_UNSURE)
        return _Mended(complete[0], (Repair.SEPARATOR,), doubts, pairs)
    dated = [choice for choice in choices if {"10", "17"} <= choice.keys()]
    if not complete and len(dated) == 1:
        # A box without serial number: the date found at the end says where the lot stops.
        is_cut = dated[0]["10"] != found.get("10")
        repairs, doubts = ((Repair.SEPARATOR,), (Doubt.LOT_UNSURE,)) if is_cut else ((), ())
        return _Mended(dated[0], repairs, doubts)
    doubts = tuple(
        doubt
        for identifier, doubt in (("10", Doubt.LOT_UNSURE), ("21", Doubt.SERIAL_UNSURE))
        if identifier == swallower or identifier in missing
    )
    return _Mended(kept, (), doubts, pairs)


# --- Parentheses and links ------------------------------------------------------------------------

_BRACKETED = re.compile(r"\(([0-9]{2,4})\)")
_DIGITAL_LINK = re.compile(
    r"(https?|HTTPS?)://[^\s?#/]+(?:/[^\s?#/]+)*?/01/([0-9]{8,14})((?:/[0-9]{2,4}/[^\s?#/]+)*)/?"
    r"(?:\?([^\s#]*))?(?:#\S*)?$"
)


def _from_parentheses(body: str) -> str | None:
    """Turn the printed form ``(01)…(17)…`` into a message; a lot may hold ``(A)``, not ``(10)``."""
    parts = _BRACKETED.split(body)
    if parts[0] or len(parts) < 3:
        return None
    return GS.join(
        f"{identifier}{value.strip()}"
        for identifier, value in zip(parts[1::2], parts[2::2], strict=True)
    )


def _read_link(link: re.Match[str], layout: Layout) -> _Attempt | None:
    """Read a GS1 Digital Link, the address that some leaflets carry in a QR code."""
    scheme, code, path, query = link.groups()
    steps = path.split("/")[1:]
    pairs = [*zip(steps[::2], map(unquote, steps[1::2]), strict=True)]
    pairs += [(name, value) for name, value in parse_qsl(query or "") if are_digits(name)]
    gtin = code.zfill(14)
    kind, box = _box_or_case(gtin, is_content=False)
    text = GS.join([f"01{gtin}", *(f"{identifier}{value}" for identifier, value in pairs)])
    return _Attempt(
        layout,
        text,
        _WHOLE if has_valid_key(gtin) else _WRONG_KEY,
        kind,
        box,
        gtin,
        fields=(("01", gtin), *pairs),
        repairs=(Repair.DIGITAL_LINK,),
        is_witnessed=scheme.islower(),
    )


# --- The conclusion -------------------------------------------------------------------------------

_LAYOUT_REPAIRS: dict[Layout, tuple[Repair, ...]] = {
    Layout.AS_SENT: (),
    Layout.AZERTY: (Repair.KEYBOARD,),
    Layout.AZERTY_CAPS: (Repair.KEYBOARD, Repair.CASE),
    Layout.CASE_INVERTED: (Repair.CASE,),
}


def _conclude(
    raw: str, attempt: _Attempt, *, today: date, known_lots: KnownLots | None, is_rivalled: bool
) -> Reading:
    doubts: list[Doubt] = [Doubt.BAD_KEY] if attempt.grade == _WRONG_KEY else []
    mended = _Mended(dict(reversed(attempt.fields)))
    known: Collection[str] = ()
    if known_lots and attempt.fields and not doubts:
        known = known_lots(attempt.code)
    if attempt.lost_separators or (known and _hides_known_lot(attempt, mended.fields, known)):
        mended = _mend_separators(attempt, today, known)
    fields = mended.fields
    lot, serial, expiry_text = fields.get("10", ""), fields.get("21", ""), fields.get("17", "")
    doubts += mended.doubts
    expires_on = day_of(expiry_text, today=today)
    if expiry_text and not _is_plausible(expires_on, today):
        doubts.append(Doubt.BAD_DATE)
    if lot and not _SET_82.fullmatch(lot):
        doubts.append(Doubt.LOT_UNSURE)
    if serial and not _SET_82.fullmatch(serial):
        doubts.append(Doubt.SERIAL_UNSURE)
    is_case_proved = attempt.is_witnessed or (lot != "" and lot in known)
    if not is_case_proved and (is_rivalled or _looks_case_inverted(lot, serial)):
        doubts.append(Doubt.CASE_UNSURE)
    quantity = fields.get("37") or fields.get("30") or ""
    return Reading(
        raw=raw,
        text=attempt.text,
        layout=attempt.layout,
        repairs=tuple(
            dict.fromkeys((*_layout_repairs(raw, attempt), *attempt.repairs, *mended.repairs))
        ),
        kind=attempt.kind,
        code=attempt.code,
        gtin=attempt.gtin,
        lot=lot,
        expires_on=expires_on,
        expiry_text=expiry_text,
        serial=serial,
        inner_quantity=int(quantity) if are_digits(quantity) else None,
        doubts=tuple(dict.fromkeys(doubts)),
        codes=attempt.codes,
        cuts=mended.cuts,
    )


def _layout_repairs(raw: str, attempt: _Attempt) -> tuple[Repair, ...]:
    # A remembered layout that changes nothing (digits under Caps Lock) mended nothing.
    return _LAYOUT_REPAIRS[attempt.layout] if undo(raw, attempt.layout) != raw else ()


def _hides_known_lot(attempt: _Attempt, found: dict[str, str], known: Collection[str]) -> bool:
    """Tell whether a short lot is really a known lot, ``21`` and a serial, without separator."""
    lot = found.get("10", "")
    if GS in attempt.text or "21" in found or lot in known:
        return False
    return any(lot.startswith(f"{candidate}21") for candidate in known if candidate)


def _looks_case_inverted(lot: str, serial: str) -> bool:
    """Real lots are printed in capitals: small letters alone betray an inverted Caps Lock."""
    letters = [sign for sign in lot if sign.isalpha()] or [s for s in serial if s.isalpha()]
    return bool(letters) and all(sign.islower() for sign in letters)
