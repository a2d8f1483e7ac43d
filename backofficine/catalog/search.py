"""The search index of a process: sets of products as bits, in the order they should be shown.

A product is one bit; the first bits are what this pharmacy follows, so that the best answers are
the lowest bits of a set. A word typed is the union of the vocabulary it begins; the answer is the
intersection of its words. The same on every database; rebuilt when the catalogue's version changes.
"""

import re
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from backofficine.catalog.models import CatalogVersion, Product, ProductCode
from backofficine.catalog.strength import strength_value
from backofficine.formats.naming import tokens

LEAST_CODE_DIGITS = 4
LEAST_FUZZY_LETTERS = 4
_WIDTH = 24  # letters of a word that are compared when one may be wrong
_GLUED_PACK = re.compile(r"b[0-9]{1,4}")
_DIGITS_ONLY = re.compile(r"[0-9\s.-]+")
_SMALLER = {"g": "mg", "mg": "microgramme"}
_LARGER = {"mg": "g", "microgramme": "mg"}
_UNITS = {"g", "mg", "microgramme", "ml", "l", "ui", "%"}
MOST_WORDS = 8
MOST_CODES = 200

Letters = npt.NDArray[np.uint32]


@dataclass
class Index:
    """Everything a search needs, never changed once built."""

    version: int
    keys: list[int]  # product of each bit
    words: list[str]  # the vocabulary, sorted
    bits: list[int]  # products that hold each word
    begins: list[int]  # products whose name begins with a word
    letters: Letters  # the vocabulary as a table of letters
    followed: int
    codes: str  # every code, one a line
    code_starts: list[int]
    code_bits: list[int]  # the bit number of each code
    prefixes: dict[str, int] = field(default_factory=dict)  # short beginnings are long unions

    def exact(self, word: str) -> int:
        """Products that hold this very word."""
        at = bisect_left(self.words, word)
        return self.bits[at] if at < len(self.words) and self.words[at] == word else 0

    def beginning(self, word: str) -> int:
        """Products that hold a word beginning so."""
        known = self.prefixes.get(word)
        if known is not None:
            return known
        union = 0
        first = bisect_left(self.words, word)
        for at in range(first, len(self.words)):
            if not self.words[at].startswith(word):
                break
            union |= self.bits[at]
        if len(word) <= 3:
            self.prefixes[word] = union
        return union

    def named(self, word: str) -> int:
        """Products whose name begins with a word beginning so."""
        union = 0
        for at in range(bisect_left(self.words, word), len(self.words)):
            if not self.words[at].startswith(word):
                break
            union |= self.begins[at]
        return union

    def nearly(self, word: str) -> tuple[int, int]:
        """Products that hold a word whose beginning is one edit away; those so named."""
        union = named = 0
        for at in _one_edit_away(word[:_WIDTH], self.letters):
            union |= self.bits[at]
            named |= self.begins[at]
        return union, named

    def coded(self, digits: str) -> int:
        """Products with a code that contains these digits."""
        numbers: list[int] = []
        place = self.codes.find(digits)
        # Codes stand in the order of the products: the first ones found are the best.
        while place != -1 and len(numbers) < MOST_CODES:
            at = bisect_right(self.code_starts, place) - 1
            numbers.append(self.code_bits[at])
            place = self.codes.find("\n", place)
            place = self.codes.find(digits, place)
        return _set_of(numbers, size=len(self.keys))


def _one_edit_away(word: str, letters: Letters) -> list[int]:
    """Words of the vocabulary whose beginning is ``word`` but for one edit (swap included).

    ``letters`` is read column by column, each a letter of every word. Four ways of having made the
    one mistake are followed side by side with the way that made none.
    """
    typed = np.frombuffer(word.encode("utf-32-le"), dtype=np.uint32)
    exact = np.ones(letters.shape[1], dtype=bool)
    wrong, missing, extra, swapping = (np.zeros_like(exact) for _way in range(4))
    for at, letter in enumerate(typed):
        same = letters[at] == letter
        before = letters[at - 1] == letter if at else np.zeros_like(exact)
        later = letters[at + 1] == letter
        wrong = (wrong & same) | (exact & ~same) | (swapping & before)
        extra = (extra & before) | exact
        missing = (missing | exact) & later
        swapping = exact & later
        exact = exact & same
    return [int(at) for at in np.flatnonzero(exact | wrong | missing | extra)]


# --- Building -------------------------------------------------------------------------------------

_lock = threading.Lock()
_current: Index | None = None


def current() -> Index:
    """The index of the catalogue's version; whoever meets a rebuild uses the last one meanwhile."""
    global _current
    version = CatalogVersion.objects.values_list("number", flat=True).get(pk=1)
    known = _current
    if known is not None and known.version == version:
        return known
    if not _lock.acquire(blocking=known is None):
        assert known is not None, "without an index one waits for it"
        return known
    try:
        if _current is None or _current.version != version:
            _current = build(version)
        return _current
    finally:
        _lock.release()


def build(version: int) -> Index:
    """Read every product and cut it in words."""
    rows = list(
        Product.objects.order_by("pk").values_list(
            "pk", "name", "strength", "form", "pack", "full_label", "substance", "state",
            "absent_since", "is_followed",
        )
    )  # fmt: skip
    rows.sort(key=_rank)
    holders: dict[str, list[int]] = {}
    starters: dict[str, list[int]] = {}
    for number, (_key, name, strength, form, pack, label, substance, *_rest) in enumerate(rows):
        held = {*_words(name), *_words(strength), *_words(form), *_words(pack), *_words(label)}
        held.update(_words(substance))
        measures = {*_words(strength), *_same_mass(strength)}
        held |= measures | {f"={measure}" for measure in measures}
        for word in held:
            holders.setdefault(word, []).append(number)
        if first := _words(name)[:1]:
            starters.setdefault(first[0], []).append(number)
    words = sorted(holders)
    number_of = {row[0]: number for number, row in enumerate(rows)}
    codes = sorted(
        (number_of[product], code)
        for product, code in ProductCode.objects.values_list("product_id", "code")
        if product in number_of
    )
    starts = [0]
    for _number, code in codes:
        starts.append(starts[-1] + len(code) + 1)
    letters = np.array([word[:_WIDTH].ljust(_WIDTH + 2, "\0") for word in words or [""]])
    return Index(
        version=version,
        keys=[row[0] for row in rows],
        words=words,
        bits=[_set_of(holders[word], size=len(rows)) for word in words],
        begins=[_set_of(starters.get(word, []), size=len(rows)) for word in words],
        letters=np.ascontiguousarray(letters.view(np.uint32).reshape(len(letters), -1).T),
        followed=_set_of([at for at, row in enumerate(rows) if row[9]], size=len(rows)),
        codes="".join(f"{code}\n" for _number, code in codes),
        code_starts=starts[:-1],
        code_bits=[number for number, _code in codes],
    )


def _rank(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The order of products that answer equally well."""
    _key, name, strength, _form, pack, _label, _substance, state, absent, followed = row
    is_sold = state == Product.State.MARKETED
    return not followed, bool(absent), not is_sold, name, strength_value(strength), len(pack), pack


@lru_cache(maxsize=8192)
def _words(text: str) -> list[str]:
    return tokens(text, expand=True)


def _same_mass(strength: str) -> Iterator[str]:
    """« 1000 mg » is also asked as « 1 g »."""
    cut = _words(strength)
    for amount, unit in pairwise(cut):
        if not amount[0].isdigit():
            continue
        value = Decimal(amount)
        if unit in _SMALLER:
            yield from (_plain(value * 1000), _SMALLER[unit])
        if unit in _LARGER and value >= 1000:
            yield from (_plain(value / 1000), _LARGER[unit])


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _set_of(numbers: Iterable[int], *, size: int) -> int:
    held = bytearray(size // 8 + 1)
    for number in numbers:
        held[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(held, "little")


# --- Asking ---------------------------------------------------------------------------------------


def search_keys(text: str, *, limit: int) -> list[int]:
    """Primary keys of the products that answer ``text``, best first."""
    index = current()
    digits = "".join(character for character in text if character.isdigit())
    is_code = len(digits) >= LEAST_CODE_DIGITS and _DIGITS_ONLY.fullmatch(text.strip()) is not None
    if is_code and len(digits) == 14:
        digits = digits[1:]
    coded = index.coded(digits) if is_code else 0
    asked = tokens(text)[:MOST_WORDS]
    sets = list(_by_words(index, asked, limit=limit)) if asked else []
    # Four digits may be a strength; more are a code.
    ordered = [coded, *sets] if len(digits) > LEAST_CODE_DIGITS else [*sets, coded]
    keys: list[int] = []
    seen = 0
    for each in ordered:
        keys += (index.keys[number] for number in _lowest(each & ~seen, limit - len(keys)))
        seen |= each
        if len(keys) >= limit:
            break
    return keys


def _by_words(index: Index, asked: list[str], *, limit: int) -> Iterator[int]:
    """Sets of products, the best answers first; a wrong letter is forgiven only if needed."""
    last = len(asked) - 1
    named, followed = index.named(asked[0]), index.followed
    strong = sharp = loose = -1
    unions = []
    for at, word in enumerate(asked):
        is_amount = word[0].isdigit() or word in _UNITS
        exact, begun = index.exact(word), index.beginning(word)
        if is_amount and at != last:
            begun = exact or begun
        if _GLUED_PACK.fullmatch(word):
            # « B30 » is a pack as often as « B12 » is a vitamin: both are meant.
            begun |= index.exact(f"b/{word[1:]}")
        unions.append(begun)
        # An amount of the strength itself comes before the same number elsewhere on the box.
        strong &= index.exact(f"={word}") if is_amount else begun
        sharp &= exact if is_amount else begun
        loose &= begun
    for found in dict.fromkeys((strong, sharp, loose)):
        yield from _tiers(found, named=named, followed=followed)
    if loose.bit_count() >= limit:
        return
    near = -1
    for at, (word, begun) in enumerate(zip(asked, unions, strict=True)):
        forgiven = len(word) >= LEAST_FUZZY_LETTERS and word.isalpha()
        union, also_named = index.nearly(word) if forgiven else (0, 0)
        near &= begun | union
        if at == 0:
            named |= also_named
        if not near:
            return
    yield from _tiers(near, named=named, followed=followed)


def _tiers(found: int, *, named: int, followed: int) -> Iterator[int]:
    if found:
        yield from (found & followed & named, found & followed, found & named, found)


def _lowest(bits: int, most: int) -> Iterator[int]:
    while bits and most > 0:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
        most -= 1
