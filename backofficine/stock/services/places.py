"""The places of the shop: a new one, how one puts away in it, one that is retired."""

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.errors import DomainError
from backofficine.stock.models import Address, Balance, Location

# What a person may add by hand; the five ends outside the shop and the zones are not places.
KINDS = (
    Location.Kind.SHELF,
    Location.Kind.DRAWER,
    Location.Kind.RESERVE,
    Location.Kind.FRIDGE,
    Location.Kind.SAFE,
    Location.Kind.PROMISE_SLOT,
    Location.Kind.QUARANTINE,
    Location.Kind.DOCK,
)
LONGEST_CODE = 30


class NoCode(DomainError):
    message = _("A place needs an address, of 30 characters at most.")


class CodeTaken(DomainError):
    message = _("%(code)s is the address of a place already, even a retired one. Choose another.")


class NotAPlace(DomainError):
    message = _("%(code)s holds no box: nothing changes there.")


class PlaceHoldsStock(DomainError):
    message = _("%(code)s still holds boxes: move them first, then retire the place.")


class PlaceIsAddress(DomainError):
    message = _(
        "%(code)s is the address of a product: give the product another address first, then retire "
        "the place."
    )


class LastPlace(DomainError):
    message = _("%(code)s is the only place of its kind, and the shop needs one: it stays.")


@transaction.atomic
def add_place(
    *, code: str, kind: Location.Kind, room: int | None = None, zone: Location | None = None
) -> Location:
    """Make a place, last in the walk of its kind. ``room`` is in boxes; ``None`` is not known.

    :raises NoCode, CodeTaken, NotAPlace: as their words say.
    """
    code = " ".join(code.upper().split())
    if not code or len(code) > LONGEST_CODE:
        raise NoCode
    if kind not in KINDS:
        raise NotAPlace(code=code)
    if Location.objects.filter(code__iexact=code).exists():
        raise CodeTaken(code=code)
    last = Location.objects.filter(kind=kind).aggregate(last=Max("walk_order"))["last"]
    return Location.objects.create(
        code=code,
        kind=kind,
        holds_stock=True,
        walk_order=(last or 0) + 1,
        room=room,
        parent=zone,
    )


@transaction.atomic
def set_put_away_mode(place: Location, *, mode: Location.PutAwayMode) -> None:
    """How boxes are put away there from now on; raises :class:`NotAPlace` for a virtual end."""
    if not place.holds_stock:
        raise NotAPlace(code=place.code)
    Location.objects.filter(pk=place.pk).update(put_away_mode=mode)
    place.put_away_mode = mode


@transaction.atomic
def retire_place(place: Location) -> None:
    """Take an empty place out of the walk. Its row stays: the ledger names it.

    :raises NotAPlace, PlaceHoldsStock, PlaceIsAddress, LastPlace: as their words say.
    """
    if not place.holds_stock:
        raise NotAPlace(code=place.code)
    if Balance.objects.filter(location=place, on_hand__gt=0).exists():
        raise PlaceHoldsStock(code=place.code)
    if Address.objects.filter(location=place).exists():
        raise PlaceIsAddress(code=place.code)
    others = Location.objects.filter(kind=place.kind, is_active=True).exclude(pk=place.pk)
    if not others.exists():
        raise LastPlace(code=place.code)
    Location.objects.filter(pk=place.pk).update(is_active=False)
    place.is_active = False
