"""What the pages of losses draw: bars, calendar cells and links, worked out once."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from backofficine.losses.loss import State, Step
from backofficine.losses.queries import Amounts, Cause, Filters, Link, Statement
from backofficine.losses.rules import BY_KEY, RULES

CHAIN_HEIGHT = 46  # pixels of the tallest bar of the chain
SHADES = 5


def per_cent(part: Decimal, whole: Decimal) -> str:
    return f"{100 * part / whole:.1f}" if whole else "0"


@dataclass(frozen=True, slots=True)
class Bar:
    """A cause and the widths, in per cent, of what is proved and of what is assumed."""

    cause: Cause
    cash: str
    assumed_cash: str
    time: str
    assumed_time: str


def bars(statement: Statement) -> list[Bar]:
    """One scale for euros and one for minutes: the two never share an axis."""
    most_cash = max(
        (cause.proved.cash + cause.assumed.cash for cause in statement.causes), default=Decimal(0)
    )
    most_time = max(
        (cause.proved.minutes + cause.assumed.minutes for cause in statement.causes),
        default=Decimal(0),
    )
    return [
        Bar(
            cause,
            per_cent(cause.proved.cash, most_cash),
            per_cent(cause.assumed.cash, most_cash),
            per_cent(cause.proved.minutes, most_time),
            per_cent(cause.assumed.minutes, most_time),
        )
        for cause in statement.causes
    ]


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of the month's calendar; ``shade`` from 0 (nothing) to 5 (the worst day)."""

    day: date
    shade: int
    count: int
    is_open: bool
    is_ahead: bool
    is_chosen: bool

    @property
    def is_dark(self) -> bool:
        return self.shade >= 4


def calendar(
    statement: Statement,
    *,
    open_days: set[date],
    today: date,
    in_euros: bool,
    chosen: date | None = None,
) -> tuple[int, list[Cell]]:
    """Blank cells before the first, and a cell a day.

    Shaded by the rank of its cash and valued time together (or of its minutes alone) among the
    days of the month, so that one huge loss does not make the others look like nothing.
    """

    def weight(day: date) -> Decimal:
        amounts = statement.days.get(day, Amounts())
        return amounts.value if in_euros else amounts.minutes

    days = [
        statement.start + timedelta(days=ahead)
        for ahead in range((statement.end - statement.start).days + 1)
    ]
    weights = sorted(weight(day) for day in days if weight(day))

    def shade(day: date) -> int:
        below = bisect_right(weights, weight(day))
        return -(-SHADES * below // len(weights)) if weight(day) else 0

    cells = [
        Cell(
            day=day,
            shade=shade(day),
            count=statement.days[day].count if day in statement.days else 0,
            is_open=day in open_days,
            is_ahead=day > today,
            is_chosen=day == chosen,
        )
        for day in days
    ]
    return statement.start.weekday(), cells


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One link of the chain with the heights of its two bars, in pixels."""

    link: Link
    born: int
    suffered: int


def chain(statement: Statement) -> list[ChainLink]:
    """The links that were touched, by minutes; unknown last."""
    links = statement.links
    most = max(
        [*(link.born.minutes for link in links), *(link.suffered.minutes for link in links)],
        default=Decimal(0),
    )

    def height(minutes: Decimal) -> int:
        return max(1, round(CHAIN_HEIGHT * minutes / most)) if minutes and most else 0

    return [
        ChainLink(link, height(link.born.minutes), height(link.suffered.minutes)) for link in links
    ]


def change(now: Decimal, before: Decimal) -> Decimal | None:
    """Per cent more than the month before; ``None`` without one."""
    return (now - before) * 100 / before if before else None


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter one tap away, with how many lines it keeps."""

    label: str
    count: int
    query: str
    is_on: bool


def query_of(filters: Filters, **changes: object) -> str:
    """The address of a filtered list: the URL tells the whole state."""
    words: dict[str, object] = {
        "day": filters.day.isoformat() if filters.day else "",
        "rule": filters.rule,
        "state": filters.state,
        "step": filters.step,
        **changes,
    }
    kept = {name: value for name, value in words.items() if value}
    return "?" + urlencode(kept or {"lines": "all"})


def chips(statement: Statement, filters: Filters) -> tuple[list[Chip], list[Chip]]:
    """By rule and by state, each counted within the other filter."""

    def count(**words: str) -> int:
        asked = Filters(
            day=filters.day,
            rule=words.get("rule", filters.rule),
            state=words.get("state", filters.state),
            step=filters.step,
        )
        return len(asked.keep(statement.lines))

    def row(name: str, choices: Sequence[tuple[str, str]]) -> list[Chip]:
        present = getattr(filters, name)
        return [
            Chip(label, number, query_of(filters, **{name: value}), is_on=value == present)
            for value, label in choices
            if (number := count(**{name: value})) or value == present
        ]

    return (
        row("rule", [("", ""), *((rule.key, str(rule.label)) for rule in RULES)]),
        row("state", [("", ""), *((str(state), str(state.label)) for state in State)]),
    )


def filters_of(words: dict[str, str]) -> Filters:
    """The filters of an address; what cannot be read is left out."""
    try:
        day = date.fromisoformat(words.get("day", ""))
    except ValueError:
        day = None
    rule, state, step = words.get("rule", ""), words.get("state", ""), words.get("step", "")
    return Filters(
        day=day,
        rule=rule if rule in BY_KEY else "",
        state=state if state in State.values else "",
        step=step if step in Step.values else "",
    )
