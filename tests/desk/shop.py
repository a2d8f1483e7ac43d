"""A morning with something true to say on every part of the page of the day."""

from datetime import datetime, timedelta
from uuid import uuid4

from backofficine.pharmacy import services as pharmacy_services
from backofficine.promises import identity
from backofficine.promises.models import Promise
from backofficine.purchasing.models import Supplier
from backofficine.receiving.models import Gap, Parcel, Receipt
from backofficine.stock import services as stock
from backofficine.stock.models import Location
from backofficine.team.models import Actor
from tests.factories import (
    ActorFactory,
    DeliveryRoundFactory,
    LotFactory,
    OrderFactory,
    OrderLineFactory,
    ProductFactory,
    SupplierFactory,
    shop_floor,
    stocked,
)

PATIENT = "Clotilde Zyberwick"
PRODUCT = "QUORVANTINE"


def promised(now: datetime, actor: Actor, number: int, **words: object) -> Promise:
    """A promise to the one patient of these tests, due at noon unless told otherwise."""
    promise = Promise.objects.create(
        **{
            "number": number,
            "product": ProductFactory(name=PRODUCT),
            "quantity": 1,
            "cause": "not_stocked",
            "is_chosen": False,
            "created_at": now - timedelta(hours=4),
            "promised_at": now + timedelta(hours=2),
            "request_id": uuid4(),
            "created_by": actor,
            **words,
        }
    )
    identity.seal(promise, name=PATIENT, phone="0612345678", month="2026-11", key="").save()
    return promise


def cold_tote(now: datetime, **words: object) -> Parcel:
    supplier = SupplierFactory(name="Labo Vernal", direct=True, cold_limit_minutes=60)
    return Parcel.objects.create(
        **{
            "kind": Parcel.Kind.TOTE,
            "supplier": supplier,
            "is_cold": True,
            "place": "paillasse",
            "dropped_at": now - timedelta(minutes=11),
            **words,
        }
    )


def carton(now: datetime, *, minutes: int = 42, supplier: Supplier | None = None) -> Parcel:
    return Parcel.objects.create(
        kind=Parcel.Kind.CARTON,
        supplier=supplier or SupplierFactory(name="Direct Aubrac", direct=True),
        place="allée du quai",
        dropped_at=now - timedelta(minutes=minutes),
    )


def busy_morning(now: datetime) -> None:
    """Everything at once: floor, promises, dock, gaps, searches, expiries, an unsent order."""
    pharmacy_services.install_defaults()
    actor = ActorFactory()
    floor = shop_floor()
    cold_tote(now)
    carton(now)
    supplier = SupplierFactory(is_main=True)
    morning = DeliveryRoundFactory(this_morning=True, supplier=supplier)
    afternoon = DeliveryRoundFactory(
        supplier=supplier, cut_off_at=now + timedelta(minutes=87), due_at=now + timedelta(hours=5)
    )
    OrderLineFactory(order=OrderFactory(delivery_round=afternoon))
    receipt = Receipt.objects.create(
        number=1, supplier=supplier, delivery_round=morning, status=Receipt.Status.VALIDATED,
        started_at=now - timedelta(minutes=30), validated_at=now - timedelta(minutes=10),
        request_id=uuid4(),
    )  # fmt: skip
    Gap.objects.create(
        receipt=receipt, product=ProductFactory(name=PRODUCT), kind=Gap.Kind.MISSING,
        ordered=3, received=1, found_at=now - timedelta(minutes=10),
    )  # fmt: skip
    promised(now, actor, 401, promised_at=now - timedelta(minutes=78), status="ordered")
    promised(now, actor, 402, status="arrived")
    promised(
        now, actor, 403, status="in_slot", aside_quantity=1, slot=floor["promise_slot"],
        ready_at=now,
    )  # fmt: skip
    stocked(lot=LotFactory(short_dated=True), location=floor["shelf"])
    stocked(lot=LotFactory(), location=floor["dock"])
    stock.report_not_found(
        ProductFactory(name=PRODUCT), at=now, actor=actor, request_id=uuid4(),
        location=Location.objects.get(pk=floor["shelf"].pk),
    )  # fmt: skip
