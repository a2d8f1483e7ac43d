"""Where the boxes of a product go when they are not owed to a patient."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Sum

from backofficine.catalog.models import Product
from backofficine.kernel.prepared import Prepared
from backofficine.stock import queries as stock
from backofficine.stock.models import Address, Balance, Location


@dataclass(frozen=True, slots=True)
class Home:
    """A product's address. ``room`` is what still fits, in stock units; ``None`` if not known."""

    location: Location
    room: int | None = None
    held: int = 0  # stock units of the product already there

    @property
    def kind(self) -> str:
        return self.location.kind


_MAIN = Prepared(
    lambda products: (
        Address.objects.filter(product__in=products, is_main=True)
        .select_related("location")
        .order_by("pk")
    ),
    list,
)
_HELD = Prepared(
    lambda products, places: (
        Balance.objects.filter(lot__product__in=products, location__in=places, on_hand__gt=0)
        .values_list("lot__product", "location")
        .annotate(total=Sum("on_hand"))
        .order_by()
    ),
    list,
    list,
)
_RESERVE = Prepared(
    lambda: Location.objects.filter(kind=Location.Kind.RESERVE, is_active=True).order_by(
        "walk_order", "pk"
    )[:1]
)


def home_of(product: Product) -> Home:
    """Where a product lives, and the room left there."""
    return homes_of([product])[product.pk]


def homes_of(products: Iterable[Product]) -> dict[int, Home]:
    """The same for many products, in three queries, by primary key."""
    wanted = {product.pk: product for product in products}
    addresses = {address.product_id: address for address in _MAIN.all(wanted)}
    places: dict[int, Location] = {key: one.location for key, one in addresses.items()}
    rooms = {key: one.room for key, one in addresses.items()}
    homeless: dict[str, Location] = {}
    for key, product in wanted.items():
        if key not in places:
            # Products of one storage class share the first place that suits them.
            if product.storage not in homeless:
                homeless[product.storage] = stock.place_of(product)
            places[key] = homeless[product.storage]
    held = _held(wanted, places)
    homes = {}
    for key, place in places.items():
        room = rooms.get(key)
        if room is None and key in addresses:
            room = place.room
        here = held.get((key, place.pk), 0)
        homes[key] = Home(place, None if room is None else max(0, room - here), here)
    return homes


def _held(products: Iterable[int], places: dict[int, Location]) -> dict[tuple[int, int], int]:
    rows = _HELD.all(products, {place.pk for place in places.values()})
    return {(int(product), int(place)): int(total) for product, place, total in rows}


def reserve() -> Location | None:
    """Where the surplus of a full place goes: the first active reserve."""
    return _RESERVE.first()
