"""What a loss is: one event, its two amounts that are never added in silence, and its proof."""

import enum
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db import models
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product
from backofficine.kernel.money import to_finest
from backofficine.pharmacy.defaults import TARIFFS
from backofficine.pharmacy.models import Tariff
from backofficine.stock.models import Location

Words = str | LazyText
ZERO = Decimal(0)


class State(models.TextChoices):
    """What may be said of an amount. The headline adds what is proved, nothing else."""

    PROVED = "proved", _("proved")
    ASSUMED = "assumed", _("assumed")
    PROVISIONAL = "provisional", _("provisional")
    CONTESTED = "contested", _("contested")
    CHOSEN = "chosen", _("chosen or unavoidable")
    WITHDRAWN = "withdrawn", _("withdrawn")


APART = (State.PROVISIONAL, State.CONTESTED, State.CHOSEN, State.WITHDRAWN)
"""States of a whole line, whatever its amounts are worth; none of them is in a total."""


class Waste(models.TextChoices):
    """The eight wastes, in the words of the shop."""

    DEFECT = "defect", _("errors and rework")
    OVERPRODUCTION = "overproduction", _("too much, too early")
    WAITING = "waiting", _("waiting")
    TALENT = "talent", _("skills not used")
    TRANSPORT = "transport", _("needless transport")
    INVENTORY = "inventory", _("too much stock")
    MOTION = "motion", _("needless moves and searches")
    PROCESSING = "processing", _("needless handling")


class Step(models.TextChoices):
    """The links of the chain, in the order of the flow. Steps, never persons."""

    ORDER = "order", _("Ordering")
    RECEIVE = "receive", _("Receiving")
    PUT_AWAY = "put_away", _("Put-away")
    STOCK = "stock", _("Stock")
    PROMISE = "promise", _("Promises")
    COUNTER = "counter", _("Counter")
    UNKNOWN = "unknown", _("unknown")


class FactKind(enum.StrEnum):
    """Where a fact is kept; its number is unique there."""

    MOVE = "move"
    NOT_FOUND = "not_found"
    COUNT = "count"
    PROMISE = "promise"
    EXPLAINED = "explained"


@dataclass(frozen=True, slots=True)
class Fact:
    """One recorded fact behind a loss: what happened, when, and its number. Never who."""

    kind: FactKind
    number: str
    at: datetime
    text: Words
    location: Location | None = None
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class TariffUsed:
    """The tariff row that priced a loss, as it was valid on the day of the event."""

    key: str
    unit: str
    amount: Decimal
    low: Decimal | None
    high: Decimal | None
    evidence: str
    source: str
    valid_from: date
    valid_until: date | None

    @property
    def is_proved(self) -> bool:
        return self.evidence in (Tariff.Evidence.MEASURED, Tariff.Evidence.SIGNED)

    @property
    def label(self) -> str:
        """The words people know it by."""
        return next((str(each.label) for each in TARIFFS if each.key == self.key), self.key)

    @property
    def evidence_label(self) -> str:
        return str(Tariff.Evidence(self.evidence).label)


@dataclass(frozen=True, slots=True)
class Loss:
    """One event, one loss.

    ``cash`` is in euros excl. VAT and ``minutes`` in minutes of work; each has its own state,
    because a box at its known cost is a fact while the minutes around it may be assumed.
    """

    key: str
    rule: str
    occurred_at: datetime
    day: date
    product: Product
    quantity: int
    times: int  # how many times the rule's minutes
    cash: Decimal
    time_tariff: TariffUsed
    hour_tariff: TariffUsed
    is_cash_proved: bool
    apart: State | None  # the whole line stands apart from every total
    waste: Waste
    cause: Step
    sufferer: Step
    tags: tuple[Words, ...]
    proof: tuple[Fact, ...]

    @property
    def minutes(self) -> Decimal:
        return self.time_tariff.amount * self.times

    @property
    def cash_state(self) -> State:
        return self.apart or (State.PROVED if self.is_cash_proved else State.ASSUMED)

    @property
    def time_state(self) -> State:
        return self.apart or (State.PROVED if self.time_tariff.is_proved else State.ASSUMED)

    @property
    def state(self) -> State:
        """The weakest state of its amounts: a line is proved when all of it is."""
        if self.apart:
            return self.apart
        states = {self.time_state} | ({self.cash_state} if self.cash else set())
        return State.ASSUMED if State.ASSUMED in states else State.PROVED

    @property
    def time_cost(self) -> Decimal:
        """The minutes in euros at that day's hourly cost, to 1/10 000: sums stay exact."""
        return to_finest(self.minutes * self.hour_tariff.amount / 60)

    @property
    def value(self) -> Decimal:
        """Cash and valued time together: to rank and to colour only, never a total."""
        return self.cash + self.time_cost

    @property
    def low_minutes(self) -> Decimal:
        """The least the minutes may be, by the range of an assumed tariff."""
        low = self.time_tariff.low
        return self.minutes if low is None else low * self.times

    @property
    def high_minutes(self) -> Decimal:
        high = self.time_tariff.high
        return self.minutes if high is None else high * self.times

    def set_apart(self, state: State) -> "Loss":
        """The same loss, out of the totals."""
        return replace(self, apart=state)
