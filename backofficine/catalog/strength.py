"""What a strength and a form are worth when two products are compared."""

import re
from decimal import Decimal
from functools import lru_cache

from backofficine.formats.naming import fold

_FIRST_AMOUNT = re.compile(r"([0-9][0-9 \u00a0\u202f]*(?:[.,][0-9]+)?)\s*([^\W\d]+|%)?")
_IN_MILLIGRAMS = {
    "ng": Decimal("0.000001"), "µg": Decimal("0.001"), "μg": Decimal("0.001"),
    "mcg": Decimal("0.001"), "microgramme": Decimal("0.001"), "microgrammes": Decimal("0.001"),
    "mg": Decimal(1), "g": Decimal(1000), "gramme": Decimal(1000), "grammes": Decimal(1000),
}  # fmt: skip
_FAMILIES = (
    ("oral", ("comprime", "gelule", "capsule", "lyophilisat", "cachet")),
    ("inject", ("injectable", "perfusion")),
    ("drink", ("buvable", "sirop")),
    ("eye", ("collyre",)),
    ("skin", ("creme", "pommade", "gel", "emulsion", "lotion")),
    ("patch", ("dispositif", "emplatre")),
    ("rectal", ("suppositoire",)),
    ("inhal", ("inhal", "pulverisation")),
    ("granule", ("granule", "sachet", "poudre")),
)


@lru_cache(maxsize=4096)
def strength_value(strength: str) -> tuple[str, Decimal]:
    """What sorts a ladder: a measure and an amount; weights are compared in milligrams."""
    found = _FIRST_AMOUNT.search(strength)
    if found is None:
        return "", Decimal(0)
    amount = Decimal("".join(found[1].split()).replace(",", "."))
    unit = (found[2] or "").lower()
    if unit in _IN_MILLIGRAMS:
        return "", amount * _IN_MILLIGRAMS[unit]
    return unit, amount


@lru_cache(maxsize=4096)
def form_family(form: str) -> str:
    """The way a form is taken: a tablet and a capsule of one substance share a ladder."""
    folded = fold(form)
    for family, words in _FAMILIES:
        if any(word in folded for word in words):
            return family
    return folded
