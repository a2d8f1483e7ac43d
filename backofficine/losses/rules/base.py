"""What every rule is: a small class that reads facts of a period and prices each event once."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from backofficine.catalog.models import Evidence, Product
from backofficine.losses.loss import ZERO, Fact, Loss, State, Step, Waste, Words
from backofficine.losses.tariffs import HOUR, TariffBook
from backofficine.pharmacy.queries import day_bounds, zone

# What a line shows and prices of a product: whole rows would cost a month of losses its speed.
PRODUCT = (
    "public_id", "name", "strength", "form", "pack", "cip13", "storage", "legal_status",
    "availability", "cost_evidence", "is_emergency",
)  # fmt: skip
KNOWN_COSTS = (Evidence.RECEIPT, Evidence.STOCK_FILE, Evidence.HERE)


def columns_of(product: str) -> list[str]:
    """The columns of :data:`PRODUCT`, seen from a query that reaches it by ``product``."""
    return [f"{product}__{name}" for name in PRODUCT]


@dataclass(frozen=True, slots=True)
class Period:
    """Civil days of the pharmacy, both included, and the instants that bound them.

    ``memo`` keeps what two rules read of the same period.
    """

    first: date
    last: date
    start: datetime
    end: datetime
    zone: ZoneInfo
    memo: dict[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, first: date, last: date) -> "Period":
        return cls(first, last, day_bounds(first)[0], day_bounds(last)[1], zone())

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()


class Rule(ABC):
    """Which facts are read, what is counted, under which tariff, as which waste.

    ``version`` rises when the way of counting changes: a proof says which one computed it.
    """

    key: str
    label: Words
    counts: Words
    tariff: str
    waste: Waste
    sufferer: Step
    version = 1

    @abstractmethod
    def losses(self, period: Period, book: TariffBook) -> Iterable[Loss]:
        """Every loss of the period, one for each event."""

    @abstractmethod
    def day_of(self, key: str) -> date | None:
        """The civil day of the loss a key names, or ``None`` if its fact is not there."""

    def story(self, loss: Loss) -> list[Fact]:
        """The facts of one loss in order, for its proof page: more than a whole month reads."""
        return sorted(loss.proof, key=lambda fact: fact.at)

    def price(
        self,
        book: TariffBook,
        *,
        key: str,
        at: datetime,
        day: date,
        product: Product,
        quantity: int,
        proof: tuple[Fact, ...],
        times: int = 1,
        cash: Decimal = ZERO,
        apart: State | None = None,
        cause: Step = Step.UNKNOWN,
        sufferer: Step | None = None,
        tags: tuple[Words, ...] = (),
    ) -> Loss:
        """One event: ``times`` the rule's minutes, and the cash that is gone."""
        return Loss(
            key=f"{self.key}:{key}",
            rule=self.key,
            occurred_at=at,
            day=day,
            product=product,
            quantity=quantity,
            times=times,
            cash=cash,
            time_tariff=book.at(self.tariff, day),
            hour_tariff=book.at(HOUR, day),
            is_cash_proved=product.cost_evidence in KNOWN_COSTS,
            apart=apart,
            waste=self.waste,
            cause=cause,
            sufferer=sufferer or self.sufferer,
            tags=tags,
            proof=proof,
        )
