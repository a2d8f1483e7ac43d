"""Where things are, and the virtual ends."""

from backofficine.catalog.models import Product, Storage
from backofficine.stock.models import Address, Location


def virtual(kind: str) -> Location:
    """One of the five ends outside the shop: supplier, patient, waste, count, sync."""
    return Location.objects.get(kind=kind, holds_stock=False)


def quarantine() -> Location:
    """The quarantine, the first one if there are several."""
    return Location.objects.filter(kind=Location.Kind.QUARANTINE).order_by("walk_order", "pk")[0]


def dock() -> Location:
    """Where received boxes wait to be put away."""
    return Location.objects.filter(kind=Location.Kind.DOCK).order_by("walk_order", "pk")[0]


KIND_FOR_STORAGE = {
    Storage.FRIDGE: Location.Kind.FRIDGE,
    Storage.SAFE: Location.Kind.SAFE,
}


def place_of(product: Product) -> Location:
    """The product's main address, else the first place that suits its storage class."""
    main = (
        Address.objects.filter(product=product, is_main=True)
        .select_related("location")
        .order_by("pk")
        .first()
    )
    if main is not None:
        return main.location
    kind = KIND_FOR_STORAGE.get(Storage(product.storage), Location.Kind.SHELF)
    suited = Location.objects.filter(kind=kind, is_active=True).order_by("walk_order", "pk").first()
    return suited or dock()
