"""The loss ledger: the projection of every rule over some days, rebuilt from facts at each call."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from django.utils.translation import get_language

from backofficine.kernel.prepared import Prepared
from backofficine.losses.loss import ZERO, Fact, Loss, State, Step
from backofficine.losses.mark import Mark, mark
from backofficine.losses.models import Contest
from backofficine.losses.rules import BY_KEY, RULES, Period, Rule
from backofficine.losses.tariffs import TariffBook
from backofficine.pharmacy.models import ClosedDay, OpeningHours

MOST_OPEN = 50
COUNTED = (State.PROVED, State.ASSUMED)
"""States whose amounts are kept by cause and by step; the others stand apart."""


def losses(start: date, end: date, *, rules: Sequence[Rule] = RULES) -> list[Loss]:
    """Every loss of some civil days, both included, in order of time; one event, one loss.

    Rebuilt from the facts, the tariffs valid each day and what people contested. About ten queries
    whatever the length; calling it again gives the same.

    :raises UnknownValue: if a tariff has no value on one of the days.
    """
    period = Period.of(start, end)
    book = TariffBook()
    found = [loss for rule in rules for loss in rule.losses(period, book)]
    answers = _contested(loss.key for loss in found)
    found = [loss.set_apart(answers[loss.key]) if loss.key in answers else loss for loss in found]
    return sorted(found, key=lambda loss: (loss.occurred_at, loss.key))


def loss(key: str) -> Loss | None:
    """The loss of a key, rebuilt; ``None`` if no fact, or no rule, is behind it."""
    name, _colon, rest = key.partition(":")
    rule = BY_KEY.get(name)
    day = rule.day_of(rest) if rule else None
    if rule is None or day is None:
        return None
    return next((each for each in losses(day, day, rules=[rule]) if each.key == key), None)


def story(of: Loss) -> list[Fact]:
    """The facts behind one loss, in order."""
    return BY_KEY[of.rule].story(of)


def contests(key: str) -> list[Contest]:
    """What was said against a loss, and what the owner answered; the last first."""
    return list(
        Contest.objects.filter(loss_key=key)
        .select_related("answer")
        .order_by("-contested_at", "-pk")
    )


_OPEN_CONTESTS = Prepared(
    lambda: Contest.objects.filter(answer__isnull=True).order_by("contested_at", "pk")[:MOST_OPEN]
)


def open_contests() -> list[Contest]:
    """Contests that await the owner's answer, the oldest first; at most :data:`MOST_OPEN`."""
    return _OPEN_CONTESTS.all()


def _contested(keys: Iterable[str]) -> dict[str, State]:
    """The keys whose last contest is open, or was accepted by the owner."""
    # Contests are few, keys are many: reading all of them is one short query.
    wanted = set(keys)
    states: dict[str, State] = {}
    rows = Contest.objects.order_by("contested_at", "pk").values_list("loss_key", "answer__stands")
    for key, stands in rows:
        if key not in wanted:
            continue
        if stands is None:
            states[key] = State.CONTESTED
        elif stands:
            states.pop(key, None)
        else:
            states[key] = State.WITHDRAWN
    return states


# What a period adds up to -----------------------------------------------------------------------


@dataclass(slots=True)
class Amounts:
    """Lines, minutes and euros. ``cash`` and ``time_cost`` are two amounts, never one."""

    count: int = 0
    minutes: Decimal = ZERO
    cash: Decimal = ZERO
    time_cost: Decimal = ZERO
    low_minutes: Decimal = ZERO
    high_minutes: Decimal = ZERO

    @property
    def value(self) -> Decimal:
        """To rank and to colour only."""
        return self.cash + self.time_cost

    def add(self, one: Loss, *, time: bool = True, cash: bool = True) -> None:
        self.count += 1
        if time:
            self.minutes += one.minutes
            self.time_cost += one.time_cost
            self.low_minutes += one.low_minutes
            self.high_minutes += one.high_minutes
        if cash:
            self.cash += one.cash


@dataclass(slots=True)
class Cause:
    """One rule in a statement: what is proved, and what is still assumed beside it."""

    rule: Rule
    proved: Amounts = field(default_factory=Amounts)
    assumed: Amounts = field(default_factory=Amounts)

    @property
    def count(self) -> int:
        return self.proved.count


@dataclass(slots=True)
class Link:
    """One step of the chain: minutes and euros born there, and suffered there."""

    step: Step
    born: Amounts = field(default_factory=Amounts)
    suffered: Amounts = field(default_factory=Amounts)


@dataclass(slots=True)
class Statement:
    """What some days cost. ``proved`` is the headline; every other group stands below it."""

    start: date
    end: date
    lines: list[Loss]
    states: dict[State, Amounts]
    causes: list[Cause]
    links: list[Link]
    days: dict[date, Amounts]

    @property
    def proved(self) -> Amounts:
        return self.states[State.PROVED]

    @property
    def assumed(self) -> Amounts:
        return self.states[State.ASSUMED]

    @property
    def chosen(self) -> Amounts:
        return self.states[State.CHOSEN]

    @property
    def contested(self) -> Amounts:
        return self.states[State.CONTESTED]

    @property
    def provisional(self) -> Amounts:
        return self.states[State.PROVISIONAL]


def statement_of(lines: Sequence[Loss], *, start: date, end: date) -> Statement:
    """Add up losses by state, rule, step and day. Every group adds up to the same lines."""
    states = {state: Amounts() for state in State}
    causes = {rule.key: Cause(rule) for rule in RULES}
    links = {step: Link(step) for step in Step}
    days: dict[date, Amounts] = defaultdict(Amounts)
    for one in lines:
        if one.apart:
            states[one.apart].add(one)
            continue
        cause = causes[one.rule]
        for state, group in ((State.PROVED, cause.proved), (State.ASSUMED, cause.assumed)):
            time, cash = one.time_state == state, one.cash_state == state and bool(one.cash)
            if time or cash:
                states[state].add(one, time=time, cash=cash)
                group.add(one, time=time, cash=cash)
        links[one.cause].born.add(one)
        links[one.sufferer].suffered.add(one)
        days[one.day].add(one)
    ranked = sorted(
        causes.values(),
        key=lambda cause: (-cause.proved.value, -cause.assumed.value, cause.rule.key),
    )
    return Statement(
        start=start,
        end=end,
        lines=list(lines),
        states=states,
        causes=[cause for cause in ranked if cause.proved.count or cause.assumed.count],
        links=[link for link in links.values() if link.born.count or link.suffered.count],
        days=dict(days),
    )


def first_of(month: date) -> date:
    return month.replace(day=1)


def last_of(month: date) -> date:
    return first_of(first_of(month) + timedelta(days=32)) - timedelta(days=1)


def month_before(month: date, *, months: int = 1) -> date:
    """The first day of an earlier month; a negative number looks ahead."""
    index = month.year * 12 + month.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def statement(month: date) -> Statement:
    """What a civil month cost; ``month`` is any of its days. Nobody changes the answer."""
    start, end = first_of(month), last_of(month)
    return _projected(start, end, get_language(), mark(start, end))


@lru_cache(maxsize=16)
def _projected(start: date, end: date, _language: str | None, _mark: Mark) -> Statement:
    """The projection of some days, kept until one of the facts it reads changes."""
    return statement_of(losses(start, end), start=start, end=end)


def forget() -> None:
    """Forget the projections of months: for tests, which take back what they wrote."""
    _projected.cache_clear()


def statements(month: date, *, months: int = 12) -> list[Statement]:
    """The statements of a month and of those before it, the oldest first."""
    return [statement(month_before(month, months=back)) for back in reversed(range(months))]


_WEEKDAYS = Prepared(lambda: OpeningHours.objects.values_list("weekday").distinct())
_CLOSED = Prepared(
    lambda start, end: ClosedDay.objects.filter(
        closed_on__gte=start, closed_on__lte=end
    ).values_list("closed_on"),
    date,
    date,
)


def open_days(start: date, end: date) -> set[date]:
    """Civil days on which the shop opens, both ends included."""
    weekdays = {day for (day,) in _WEEKDAYS.all()}
    closed = {day for (day,) in _CLOSED.all(start, end)}
    days = (start + timedelta(days=ahead) for ahead in range((end - start).days + 1))
    return {day for day in days if day.weekday() in weekdays and day not in closed}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which lines of the ledger a page shows; empty means all."""

    day: date | None = None
    rule: str = ""
    state: str = ""
    step: str = ""

    def keep(self, lines: Iterable[Loss]) -> list[Loss]:
        tests: list[Callable[[Loss], bool]] = []
        if self.day:
            tests.append(lambda one: one.day == self.day)
        if self.rule:
            tests.append(lambda one: one.rule == self.rule)
        if self.state:
            tests.append(
                lambda one: (
                    one.time_state == self.state
                    or (bool(one.cash) and one.cash_state == self.state)
                )
            )
        if self.step:
            tests.append(lambda one: self.step in (one.cause, one.sufferer))
        return [one for one in lines if all(test(one) for test in tests)]

    @property
    def is_empty(self) -> bool:
        return not (self.day or self.rule or self.state or self.step)
