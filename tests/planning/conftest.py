"""A shop with two rounds a day, a past of sales, and a way to say what was asked."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

import pytest

from backofficine.catalog.models import Product
from backofficine.pharmacy.models import Pharmacy
from backofficine.purchasing import queries
from backofficine.purchasing.models import DeliveryRound, Supplier
from backofficine.purchasing.services import generate_rounds
from backofficine.stock.models import DemandLine
from tests.factories import SupplierFactory, SupplyScheduleFactory

Ask = Callable[..., None]


@pytest.fixture
def main(pharmacy: Pharmacy, now: datetime) -> Supplier:
    """The main wholesaler: cut-off 11 h 45 for 14 h 30, and 19 h for the next morning."""
    supplier = SupplierFactory(name="Répartition Loire", is_main=True)
    for weekday in range(6):
        SupplyScheduleFactory(
            supplier=supplier, weekday=weekday, cut_off_time=time(11, 45), drop_time=time(14, 30)
        )
        SupplyScheduleFactory(
            supplier=supplier, weekday=weekday, cut_off_time=time(19), drop_time=time(8, 45),
            drop_day_offset=1,
        )  # fmt: skip
    generate_rounds(at=now)
    return supplier


@pytest.fixture
def this_round(main: Supplier, now: datetime) -> DeliveryRound:
    """This afternoon's round of the main wholesaler."""
    found = queries.next_round(main, at=now)
    assert found is not None
    return found


@pytest.fixture
def ask(today: date) -> Ask:
    """``ask(product, 2, every=3)``: two boxes every third day over the last 180 days."""

    def asked(
        product: Product,
        quantity: int = 1,
        *,
        every: int = 1,
        days: int = 180,
        kind: str = DemandLine.Kind.HISTORY,
        until: date | None = None,
    ) -> None:
        last = until or today
        DemandLine.objects.bulk_create(
            DemandLine(
                product=product, kind=kind, quantity=quantity, request_id=uuid4(),
                occurred_on=day, occurred_at=datetime.combine(day, time(10), tzinfo=UTC),
            )
            for day in (last - timedelta(days=back) for back in range(0, days, every))
        )  # fmt: skip

    return asked
