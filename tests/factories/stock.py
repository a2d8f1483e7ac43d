"""Places, lots, and stock that came in by a real posting."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import factory
from factory.django import DjangoModelFactory

from backofficine.catalog.models import Product
from backofficine.stock import queries, services
from backofficine.stock.models import Address, Location, Lot, Posting
from backofficine.stock.services import MoveLine
from backofficine.team.models import Actor
from tests.factories.base import NOW, TODAY
from tests.factories.catalog import ProductFactory


class LocationFactory(DjangoModelFactory[Location]):
    """A shelf, or another place by trait: ``LocationFactory(dock=True)``."""

    class Meta:
        model = Location

    class Params:
        zone = factory.Trait(kind=Location.Kind.ZONE, holds_stock=False)
        dock = factory.Trait(kind=Location.Kind.DOCK)
        drawer = factory.Trait(kind=Location.Kind.DRAWER)
        reserve = factory.Trait(kind=Location.Kind.RESERVE)
        fridge = factory.Trait(kind=Location.Kind.FRIDGE)
        safe = factory.Trait(kind=Location.Kind.SAFE)
        promise_slot = factory.Trait(kind=Location.Kind.PROMISE_SLOT)
        quarantine = factory.Trait(kind=Location.Kind.QUARANTINE)
        opened_box = factory.Trait(kind=Location.Kind.OPENED_BOX)

    kind = Location.Kind.SHELF
    code = factory.Sequence(lambda number: f"A-{number:03d}")
    holds_stock = True
    walk_order = factory.Sequence(int)


class LotFactory(DjangoModelFactory[Lot]):
    """A lot good for two years; ``expired=True`` for yesterday's, ``unknown=True`` for no words."""

    class Meta:
        model = Lot

    class Params:
        expired = factory.Trait(expires_on=TODAY - timedelta(days=1))
        short_dated = factory.Trait(expires_on=TODAY + timedelta(days=45))
        unknown = factory.Trait(number="", expires_on=date(9999, 12, 31))

    product = factory.SubFactory(ProductFactory)
    number = factory.Sequence(lambda number: f"L{number:05d}")
    expires_on = TODAY + timedelta(days=730)


class AddressFactory(DjangoModelFactory[Address]):
    """The main address of a product."""

    class Meta:
        model = Address

    product = factory.SubFactory(ProductFactory)
    location = factory.SubFactory(LocationFactory)


def virtual(kind: str) -> Location:
    """One of the five ends: ``virtual("supplier")``."""
    return queries.virtual(kind)


def shop_floor() -> dict[str, Location]:
    """One place of each kind, by kind, made where it is missing: what most commands expect."""
    made = {}
    for kind in (
        Location.Kind.DOCK, Location.Kind.SHELF, Location.Kind.DRAWER, Location.Kind.RESERVE,
        Location.Kind.FRIDGE, Location.Kind.SAFE, Location.Kind.PROMISE_SLOT,
        Location.Kind.QUARANTINE, Location.Kind.OPENED_BOX,
    ):  # fmt: skip
        found = Location.objects.filter(kind=kind).order_by("walk_order", "pk").first()
        made[str(kind)] = found or LocationFactory(kind=kind)
    return made


def stocked(
    product: Product | None = None,
    quantity: int = 10,
    *,
    location: Location | None = None,
    lot: Lot | None = None,
    actor: Actor | None = None,
    request_id: UUID | None = None,
) -> Lot:
    """Receive ``quantity`` stock units into a place (a new shelf by default); returns their lot."""
    from tests.factories.team import ActorFactory

    if lot is None:
        lot = LotFactory(product=product) if product else LotFactory()
    services.post(
        lines=[
            MoveLine(
                lot=lot,
                source=virtual(Location.Kind.SUPPLIER),
                target=location or LocationFactory(),
                quantity=quantity,
            )
        ],
        reason=Posting.Reason.RECEIPT,
        occurred_at=NOW - timedelta(days=1),
        recorded_at=NOW - timedelta(days=1),
        actor=actor or ActorFactory(),
        request_id=request_id or uuid4(),
    )
    return lot
