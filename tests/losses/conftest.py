"""A shop with its tariffs, and the few acts that the loss ledger reads."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from backofficine.catalog.models import Evidence, Product
from backofficine.kernel import clock
from backofficine.pharmacy import services as pharmacy_services
from backofficine.pharmacy.models import Pharmacy, Tariff
from backofficine.promises.models import Promise
from backofficine.stock import services
from backofficine.stock.models import Location, NotFound, Posting
from backofficine.team.models import Actor
from tests.factories import LotFactory, ProductFactory, shop_floor, stocked


@pytest.fixture(autouse=True)
def _shop(pharmacy: Pharmacy, now: datetime) -> Any:
    pharmacy_services.install_defaults()
    clock.fix(now)
    yield
    clock.fix(None)


@pytest.fixture
def shelf() -> Location:
    return shop_floor()["shelf"]


@pytest.fixture
def product() -> Product:
    """A box at 3.50 €, a cost known by its last receipt."""
    return ProductFactory(unit_cost=Decimal("3.5"), cost_evidence=Evidence.RECEIPT)


@pytest.fixture
def measured(actor: Actor, now: datetime) -> Callable[..., Tariff]:
    """Give a tariff a value timed here, from a day on."""

    def give(key: str, amount: str, *, since: date = date(2026, 1, 1)) -> Tariff:
        return pharmacy_services.set_tariff(
            key,
            amount=Decimal(amount),
            valid_from=since,
            source="chronométrage de juin",
            signed_by=None,
            at=now,
            is_measured=True,
        )

    return give


@pytest.fixture
def take_out(actor: Actor, now: datetime, shelf: Location) -> Callable[..., Posting]:
    """*Sortir*: two boxes, expired, now, unless told otherwise."""

    def act(product: Product, **words: Any) -> Posting:
        lot = words.pop("lot", None) or LotFactory(product=product, expired=True)
        quantity = words.pop("quantity", 2)
        if words.pop("stock", True):
            stocked(lot=lot, quantity=quantity, location=words.pop("shelf", shelf), actor=actor)
        at = words.pop("at", now)
        return services.take_out(
            lot,
            quantity=quantity,
            cause=words.pop("cause", Posting.Cause.EXPIRED),
            occurred_at=at,
            recorded_at=at,
            actor=actor,
            request_id=uuid4(),
            by_pharmacist=True,
            **words,
        )

    return act


@pytest.fixture
def withdraw_unknown(actor: Actor, now: datetime) -> Callable[..., Any]:
    """A box handed over although the record holds none."""

    def act(product: Product, *, quantity: int = 1, at: datetime = now) -> Any:
        return services.withdraw(
            [services.Wanted(product=product, quantity=quantity)],
            occurred_at=at,
            recorded_at=at,
            on=at.date(),
            actor=actor,
            request_id=uuid4(),
            by_pharmacist=True,
        )

    return act


@pytest.fixture
def not_found(actor: Actor, now: datetime) -> Callable[..., NotFound]:
    def act(product: Product, *, at: datetime = now) -> NotFound:
        return services.report_not_found(product, at=at, actor=actor, request_id=uuid4())

    return act


@pytest.fixture
def count(actor: Actor, now: datetime, shelf: Location) -> Callable[..., Any]:
    def act(product: Product, *, counted: int, at: datetime = now) -> Any:
        return services.count(
            product, location=shelf, counted=counted, at=at, actor=actor, request_id=uuid4()
        )

    return act


@pytest.fixture
def promise(actor: Actor, now: datetime) -> Callable[..., Promise]:
    def act(product: Product, **words: Any) -> Promise:
        number = Promise.objects.count() + 401
        return Promise.objects.create(
            number=number,
            product=product,
            quantity=words.pop("quantity", 1),
            cause=words.pop("cause", "not_stocked"),
            is_chosen=words.pop("is_chosen", False),
            created_at=words.pop("at", now - timedelta(minutes=5)),
            promised_at=words.pop("promised_at", now + timedelta(hours=6)),
            request_id=uuid4(),
            created_by=actor,
            **words,
        )

    return act
