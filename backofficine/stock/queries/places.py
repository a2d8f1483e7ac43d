"""Where things are, and the virtual ends."""

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product, Storage
from backofficine.kernel.errors import DomainError
from backofficine.kernel.prepared import Prepared
from backofficine.stock.models import Address, Location

_VIRTUAL = Prepared(lambda kind: Location.objects.filter(kind=kind, holds_stock=False)[:1], str)
_ACTIVE = Prepared(
    lambda kind: Location.objects.filter(kind=kind, is_active=True).order_by("walk_order", "pk")[
        :1
    ],
    str,
)
_MAIN_ADDRESS = Prepared(
    lambda product: (
        Address.objects.filter(product=product, is_main=True)
        .select_related("location")
        .order_by("pk")[:1]
    ),
    int,
)


def virtual(kind: str) -> Location:
    """One of the five ends outside the shop: supplier, patient, waste, count, sync."""
    found = _VIRTUAL.first(kind)
    if found is None:
        raise Location.DoesNotExist
    return found


class MissingPlace(DomainError):
    message = _(
        "This pharmacy has no place of the kind “%(kind)s” yet. Run “backofficine furnish” once, "
        "which adds one."
    )


def _first(kind: Location.Kind) -> Location:
    found = _ACTIVE.first(kind)
    if found is None:
        raise MissingPlace(kind=kind.label)
    return found


def quarantine() -> Location:
    """The quarantine, the first one if there are several; raises :class:`MissingPlace`."""
    return _first(Location.Kind.QUARANTINE)


def dock() -> Location:
    """Where received boxes wait to be put away; raises :class:`MissingPlace`."""
    return _first(Location.Kind.DOCK)


def walk() -> QuerySet[Location]:
    """The places of the shop in the order of the put-away walk, zone by zone."""
    return (
        Location.objects.filter(holds_stock=True, is_active=True)
        .select_related("parent")
        .order_by(F("parent__walk_order").asc(nulls_first=True), "parent", "walk_order", "pk")
    )


KIND_FOR_STORAGE = {
    Storage.FRIDGE: Location.Kind.FRIDGE,
    Storage.SAFE: Location.Kind.SAFE,
}


def place_of(product: Product) -> Location:
    """The product's main address, else the first place that suits its storage class."""
    main = _MAIN_ADDRESS.first(product.pk)
    if main is not None:
        return main.location
    kind = KIND_FOR_STORAGE.get(Storage(product.storage), Location.Kind.SHELF)
    return _ACTIVE.first(kind) or dock()
