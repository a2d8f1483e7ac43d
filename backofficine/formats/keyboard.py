"""What a scanner set to a US keyboard becomes on a French Windows workstation, and the way back."""

import unicodedata
from enum import StrEnum


class Layout(StrEnum):
    """How a scanned text was deformed before it reached us."""

    AS_SENT = "as_sent"
    AZERTY = "azerty"
    AZERTY_CAPS = "azerty_caps"
    CASE_INVERTED = "case_inverted"


# One row per key: the two signs of the US keyboard, then the two signs of the French one.
# `^` and `¨` are dead keys; the French `²` key is mute with Shift, so `~` never arrives.
_KEYS = """
`~² 1!&1 2@é2 3#"3 4$'4 5%(5 6^-6 7&è7 8*_8 9(ç9 0)à0 -_)° =+=+
[{^¨ ]}$£ \\|*µ ;:mM '"ù% ,<;. .>:/ /?!§
"""
_MOVED_LETTERS = {"a": "q", "q": "a", "w": "z", "z": "w"}
_STEADY_LETTERS = "bcdefghijklnoprstuvxy"

_CIRCUMFLEX, _DIAERESIS = "^", "¨"
_DEAD_KEYS = {_CIRCUMFLEX: "\u0302", _DIAERESIS: "\u0308"}


def _tables() -> tuple[dict[str, str], dict[str, str]]:
    """Build sign of the code → sign received, without and with Caps Lock."""
    plain: dict[str, str] = {" ": " "}
    caps: dict[str, str] = {" ": " "}

    def add(us: str, us_shift: str, fr: str, fr_shift: str) -> None:
        plain[us], plain[us_shift] = fr, fr_shift
        # On a French Windows keyboard Caps Lock acts on every key, digits included.
        caps[us], caps[us_shift] = fr_shift, fr

    for key in _KEYS.split():
        us, us_shift, fr = key[0], key[1], key[2]
        add(us, us_shift, fr, key[3] if len(key) == 4 else "")
    add("m", "M", ",", "?")
    for us, fr in _MOVED_LETTERS.items():
        add(us, us.upper(), fr, fr.upper())
    for letter in _STEADY_LETTERS:
        add(letter, letter.upper(), letter, letter.upper())
    return plain, caps


_TYPED = dict(zip((Layout.AZERTY, Layout.AZERTY_CAPS), _tables(), strict=True))


def _inverse(typed: dict[str, str]) -> dict[int, str]:
    """Turn a table round, composed letters included: ``ê`` was a dead ``^`` then an ``e``."""
    back = {received: sign for sign, received in typed.items() if received}
    inverse = {ord(received): sign for received, sign in back.items()}
    for dead, mark in _DEAD_KEYS.items():
        for vowel in "aeiouyAEIOUY":
            composed = unicodedata.normalize("NFC", vowel + mark)
            if len(composed) == 1 and vowel in back:
                inverse[ord(composed)] = back[dead] + back[vowel]
    return inverse


_UNDO = {layout: _inverse(typed) for layout, typed in _TYPED.items()}


def undo(text: str, layout: Layout) -> str:
    """Give back the code that a scanner sent through ``layout``. Other signs pass unchanged."""
    if layout is Layout.AS_SENT:
        return text
    if layout is Layout.CASE_INVERTED:
        return _swap_ascii_case(text)
    if not text.isascii():
        # A pasted text may carry its accents apart (macOS); the tables know composed letters.
        text = unicodedata.normalize("NFC", text)
    return text.translate(_UNDO[layout])


def typed(code: str, layout: Layout) -> str:
    """Give the text that reaches the page when a scanner sends ``code`` through ``layout``.

    Two losses are those of the real keyboard: ``~`` is mute (with Caps Lock, the grave accent is),
    and a space after a dead key (``[`` or ``{``) only serves to print it.
    """
    if layout is Layout.AS_SENT:
        return code
    if layout is Layout.CASE_INVERTED:
        return _swap_ascii_case(code)
    table = _TYPED[layout]
    received: list[str] = []
    dead = ""
    for sign in code:
        key = table.get(sign, sign)
        if not key:
            continue
        if dead:
            composed = unicodedata.normalize("NFC", key + _DEAD_KEYS[dead])
            if key == " ":
                received.append(dead)
            elif len(composed) == 1 and key in "aeiouyAEIOUY":
                received.append(composed)
            else:
                received.append(dead + key)
            dead = ""
        elif key in _DEAD_KEYS:
            dead = key
        else:
            received.append(key)
    return "".join(received) + dead


def _swap_ascii_case(text: str) -> str:
    """Swap the case of ASCII letters only: ``ß`` or ``ŉ`` would not come back."""
    return text.translate(_SWAPPED_CASE)


_SWAPPED_CASE = {
    ord(sign): sign.swapcase() for sign in map(chr, range(128)) if sign != sign.swapcase()
}
