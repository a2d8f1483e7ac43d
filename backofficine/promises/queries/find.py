"""Finding a promise by what the patient says: letters, digits, a product, a slip, a slot."""

import re

from django.db.models import F, Q, QuerySet

from backofficine.kernel import vault
from backofficine.promises import identity
from backofficine.promises.models import Promise, PromiseIdentity

LIMIT = 20
_NUMBER = re.compile(r"(?:promis\s*-?\s*|n°\s*|no\s+)?([0-9]{1,8})")
_SLOT = re.compile(r"(?:casier|slot)?\s*-?\s*([a-z0-9][a-z0-9-]{0,20})")


def find(text: str, *, limit: int = LIMIT) -> list[Promise]:
    """Open promises that answer to ``text``, at most ``limit``, the surest first.

    A slip number, a slot, the last four digits of a phone, the first letters of a name (all its
    words may be said), or words of the product. An empty text finds nothing. Names are compared
    inside, never given.
    """
    said = text.strip()
    if not said:
        return []
    found: dict[int, Promise] = {}
    for wave in (_by_code(said), _by_phone(said), _by_name(said), _by_product(said)):
        for promise in wave:
            found.setdefault(promise.pk, promise)
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


def _open() -> QuerySet[Promise]:
    return Promise.objects.filter(closed_at=None).select_related("product", "slot", "identity")


def _by_code(said: str) -> list[Promise]:
    wanted = Q()
    if number := _NUMBER.fullmatch(said.lower()):
        wanted |= Q(number=int(number[1]))
    if slot := _SLOT.fullmatch(said.lower()):
        code = slot[1].upper()
        codes = {code, f"CASIER-{code}", code.zfill(2), f"CASIER-{code.zfill(2)}"}
        wanted |= Q(slot__code__in=codes)
    if not wanted:
        return []
    return list(_open().filter(wanted).order_by("number")[:LIMIT])


def _by_phone(said: str) -> list[Promise]:
    digits = identity.digits_of(said)
    is_phone = len(digits) >= identity.DIGITS and not re.search(r"[^0-9 .+()-]", said)
    if not is_phone:
        return []
    matching = _open().filter(identity__phone_hash=identity.phone_hash(digits))
    if len(digits) == identity.DIGITS:
        return list(matching.order_by("number")[:LIMIT])
    # More digits were said: they must all agree, whatever the prefix.
    return [
        promise
        for promise in matching.order_by("number")[: 5 * LIMIT]
        if (phone := _phone(promise)) and _same_phone(phone, digits)
    ][:LIMIT]


def _same_phone(phone: str, digits: str) -> bool:
    # 06… and +33 6… are one number: the last nine digits tell.
    return phone.endswith(digits[-9:]) or digits.endswith(phone[-9:])


def _phone(promise: Promise) -> str:
    who: PromiseIdentity | None = getattr(promise, "identity", None)
    try:
        return identity.digits_of(identity.phone_of(who)) if who else ""
    except vault.Erased:
        return ""


def _by_name(said: str) -> list[Promise]:
    words = [word for word in identity.words_of(said) if not word.isdigit()]
    if not words or len(words) > 4:
        return []
    matching = _open()
    for word in words:
        matching = matching.filter(identity__keys__name_hash=identity.name_hash(word))
    long = [word for word in words if len(identity.fold(word)) > identity.LETTERS]
    candidates = matching.order_by("number").distinct()[: 5 * LIMIT]
    return [promise for promise in candidates if not long or _begins(promise, long)][:LIMIT]


def _begins(promise: Promise, letters: list[str]) -> bool:
    who: PromiseIdentity | None = getattr(promise, "identity", None)
    try:
        return who is not None and identity.starts_with(identity.name_of(who), letters)
    except vault.Erased:
        return False


def _by_product(said: str) -> list[Promise]:
    words = [identity.fold(word) for word in re.split(r"\s+", said) if identity.fold(word)]
    if not words or sum(map(len, words)) < identity.LETTERS:
        return []
    # Only products somebody waits for are read: a few hundred at most.
    waited = (
        Promise.objects.filter(closed_at=None)
        .values_list("product_id", "product__name", "product__strength", "product__cip13")
        .order_by(F("product_id"))
        .distinct()
    )
    keys = [
        key
        for key, name, strength, code in waited
        if all(word in identity.fold(f"{name}{strength}") or word == code for word in words)
    ]
    return list(_open().filter(product__in=keys[:LIMIT]).order_by("number")[:LIMIT])
