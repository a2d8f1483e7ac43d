"""Charts as pages describe them: figures and units in, a drawing, a sentence and a table out.

A page makes one of the four kinds below and shows it with ``{% chart one %}``. What is drawn, what
is said and what the table holds come from the same figures, so that they cannot disagree.
``frontend/src/charts.js`` draws; nothing here knows how.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from backofficine.web.templatetags.components import (
    NO_BREAK,
    Words,
    day,
    euros,
    is_single,
    percent,
    quantity,
)

LISTED = 4
"""A chart of at most so many bars is read out whole."""
RANGES = (50, 80, 95)


class Form(StrEnum):
    """How a figure is written."""

    NUMBER = "number"
    EUROS = "euros"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Unit:
    """What a figure counts. ``word`` stands after it; a percentage is given as a share of one."""

    form: Form = Form.NUMBER
    word: Words = ""
    single: Words = ""
    """The word of a single one."""
    decimals: int = 0

    def write(self, value: float | None) -> str:
        """« 12 boîtes », « 1 842 € », « 97,5 % »; « – » when it is not known."""
        if value is None:
            return quantity(None)
        exact = Decimal(repr(float(value)))
        if self.form == Form.EUROS:
            return euros(exact, self.decimals)
        if self.form == Form.PERCENT:
            return percent(exact, self.decimals)
        figure = quantity(exact, self.decimals)
        word = self.single if self.single and is_single(value) else self.word
        return f"{figure}{NO_BREAK}{word}" if word else figure

    def drawn(self) -> dict[str, Any]:
        return {
            "form": str(self.form),
            "word": str(self.word),
            "single": str(self.single),
            "decimals": self.decimals,
        }


NUMBER = Unit()
BOXES = Unit(word=gettext_lazy("boxes"), single=gettext_lazy("box"))
DOSES = Unit(word=gettext_lazy("doses"), single=gettext_lazy("dose"))
EUROS = Unit(Form.EUROS)
PERCENT = Unit(Form.PERCENT, decimals=1)


@dataclass(frozen=True, slots=True)
class Axis:
    """What one direction of a chart measures."""

    label: Words
    unit: Unit = NUMBER

    def drawn(self) -> dict[str, Any]:
        return {"label": str(self.label), "unit": self.unit.drawn()}


class Key(NamedTuple):
    """What a mark of the drawing stands for; ``mark`` names its look in the style sheet."""

    mark: str
    words: str


class Column(NamedTuple):
    words: str
    is_figure: bool = True


class Table(NamedTuple):
    """The same figures to be read: a head, and rows as long as it is."""

    head: list[Column]
    rows: list[list[str]]


@dataclass(frozen=True, kw_only=True)
class Chart(ABC):
    """Whatever ``{% chart %}`` shows. ``note`` is said after the sentence made of the figures."""

    kind: ClassVar[str]

    title: Words
    note: Words = ""
    is_small: bool = False

    @abstractmethod
    def sentence(self) -> str:
        """What an eye sees at a glance, for those who do not see it."""

    @abstractmethod
    def table(self) -> Table: ...

    @abstractmethod
    def figures(self) -> dict[str, Any]:
        """What the script draws, as JSON holds it."""

    def legend(self) -> list[Key]:
        """Marks that cannot carry their name in the drawing itself."""
        return []

    @property
    def rows(self) -> int:
        """Rows that the height must hold; none when it is the style sheet's."""
        return 0

    @property
    def summary(self) -> str:
        return " ".join(filter(None, [self.sentence(), str(self.note)]))

    def drawn(self) -> dict[str, Any]:
        return {"kind": self.kind, "title": str(self.title), **self.figures()}


# --- What was asked for, and what may be ----------------------------------------------------------


class Step(StrEnum):
    """How long a period of a :class:`Fan` lasts."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Past:
    """One period that ended: what was served, and what was asked for in vain.

    Of an ``is_out`` period nothing can be said: there was no stock to sell from.
    """

    starts_on: date
    served: float
    missing: float = 0
    is_out: bool = False


@dataclass(frozen=True, slots=True)
class Ahead:
    """One coming period. ``ranges`` holds, for 50, 80 and 95 cases in a hundred, low and high."""

    starts_on: date
    middle: float
    ranges: Mapping[int, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What comes on a day, in the chart's own unit."""

    on: date
    quantity: float


@dataclass(frozen=True, kw_only=True)
class Fan(Chart):
    """Past periods as bars, the coming ones as a fan, the stock now as a line, arrivals marked.

    ``now`` is where the past ends. Periods are in the order of time, each ``step`` long.
    """

    kind: ClassVar[str] = "fan"

    now: date
    past: Sequence[Past]
    ahead: Sequence[Ahead] = ()
    step: Step = Step.WEEK
    unit: Unit = NUMBER
    middle_decimals: int = 0
    """An expectation may fall between two whole boxes."""
    stock: float | None = None
    arrivals: Sequence[Arrival] = ()

    def sentence(self) -> str:
        parts = [self._past_words(), self._ahead_words()]
        if self.stock is not None:
            parts.append(_("In stock now: %(stock)s.") % {"stock": self.unit.write(self.stock)})
        if self.arrivals:
            each = (
                _("%(quantity)s on %(day)s")
                % {"quantity": self.unit.write(one.quantity), "day": day(one.on)}
                for one in self.arrivals
            )
            coming = _("On their way: %(arrivals)s.") % {"arrivals": ", ".join(each)}
            # A month cut short already ends with a stop.
            parts.append(f"{coming.rstrip('.')}.")
        return " ".join(filter(None, parts))

    def _past_words(self) -> str:
        if not self.past:
            return ""
        count = len(self.past)
        text = {
            Step.DAY: ngettext("%(count)s day: %(asked)s asked for",
                               "%(count)s days: %(asked)s asked for", count),
            Step.WEEK: ngettext("%(count)s week: %(asked)s asked for",
                                "%(count)s weeks: %(asked)s asked for", count),
            Step.MONTH: ngettext("%(count)s month: %(asked)s asked for",
                                 "%(count)s months: %(asked)s asked for", count),
        }[self.step]  # fmt: skip
        asked = sum(one.served + one.missing for one in self.past)
        missing = sum(one.missing for one in self.past)
        text %= {"count": count, "asked": self.unit.write(asked)}
        if missing:
            text += _(", %(missing)s of them in vain") % {"missing": quantity(_exact(missing))}
        return f"{text}."

    def _ahead_words(self) -> str:
        if not self.ahead:
            return ""
        first = self.ahead[0]
        text = {
            Step.DAY: _("Coming day: %(middle)s expected"),
            Step.WEEK: _("Coming week: %(middle)s expected"),
            Step.MONTH: _("Coming month: %(middle)s expected"),
        }[self.step] % {
            "middle": replace(self.unit, decimals=self.middle_decimals).write(first.middle)
        }
        if 80 in first.ranges:
            low, high = first.ranges[80]
            text += _(", 8 times in 10 between %(low)s and %(high)s") % {
                "low": quantity(_exact(low), self.unit.decimals),
                "high": quantity(_exact(high), self.unit.decimals),
            }
        return f"{text}."

    def legend(self) -> list[Key]:
        keys = [Key("served", pgettext("demand", "served"))]
        if any(one.missing for one in self.past):
            keys.append(Key("missing", pgettext("demand", "asked in vain")))
        if any(one.is_out for one in self.past):
            keys.append(Key("out", _("out of stock")))
        if self.ahead:
            keys.append(Key("middle", pgettext("demand", "expected")))
            keys += [Key(f"range-{one}", percent(one / 100)) for one in self._levels()]
        if self.stock is not None:
            keys.append(Key("stock", _("stock now")))
        if self.arrivals:
            keys.append(Key("arrival", pgettext("stock", "arrival")))
        return keys

    def _levels(self) -> list[int]:
        return [level for level in RANGES if any(level in one.ranges for one in self.ahead)]

    def table(self) -> Table:
        first = {
            Step.DAY: pgettext("column", "Day"),
            Step.WEEK: pgettext("column", "Week of"),
            Step.MONTH: pgettext("column", "Month of"),
        }[self.step]
        levels = self._levels()
        head = [Column(first, is_figure=False), Column(pgettext("column", "Served")),
                Column(pgettext("column", "In vain"))]  # fmt: skip
        if self.ahead:
            head.append(Column(pgettext("column", "Expected")))
        head += [Column(_("%(level)s cases in 100") % {"level": level}) for level in levels]
        width = len(head)
        rows = []
        for past in self.past:
            served = _("out of stock") if past.is_out else self._figure(past.served)
            row = [day(past.starts_on), served, self._figure(past.missing)]
            rows.append(row + [""] * (width - len(row)))
        for ahead in self.ahead:
            between = [
                _("%(low)s to %(high)s")
                % {"low": self._figure(ahead.ranges[level][0]),
                   "high": self._figure(ahead.ranges[level][1])}
                if level in ahead.ranges else ""
                for level in levels
            ]  # fmt: skip
            middle = quantity(_exact(ahead.middle), self.middle_decimals)
            rows.append([day(ahead.starts_on), "", "", middle, *between])
        return Table(head, rows)

    def _figure(self, value: float) -> str:
        return quantity(_exact(value), self.unit.decimals)

    def figures(self) -> dict[str, Any]:
        return {
            "now": self.now.isoformat(),
            "step": str(self.step),
            "unit": self.unit.drawn(),
            "middleDecimals": self.middle_decimals,
            "past": [
                [one.starts_on.isoformat(), one.served, one.missing, one.is_out]
                for one in self.past
            ],
            "ahead": [
                [one.starts_on.isoformat(), one.middle,
                 {str(level): list(pair) for level, pair in one.ranges.items()}]
                for one in self.ahead
            ],
            "stock": self.stock,
            "arrivals": [[one.on.isoformat(), one.quantity] for one in self.arrivals],
            "words": {
                "now": pgettext("chart", "today"),
                "served": pgettext("demand", "served"),
                "missing": pgettext("demand", "asked in vain"),
                "out": _("out of stock"),
                "expected": pgettext("demand", "expected"),
                "stock": pgettext("chart", "stock"),
            },
        }  # fmt: skip


# --- Curves over time -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Series:
    """One curve, a value a day of its chart; ``None`` leaves a gap. Ours is drawn thicker."""

    name: Words
    values: Sequence[float | None]
    is_ours: bool = False


@dataclass(frozen=True, kw_only=True)
class Lines(Chart):
    """Curves over the same days, each named at its end."""

    kind: ClassVar[str] = "lines"

    days: Sequence[date]
    axis: Axis
    series: Sequence[Series]
    from_zero: bool = True

    def sentence(self) -> str:
        parts = []
        for one in self.series:
            known = [value for value in one.values if value is not None]
            if known:
                parts.append(
                    _("%(name)s: from %(first)s to %(last)s, between %(least)s and %(most)s.")
                    % {
                        "name": _begun(one.name),
                        "first": self.axis.unit.write(known[0]),
                        "last": self.axis.unit.write(known[-1]),
                        "least": self.axis.unit.write(min(known)),
                        "most": self.axis.unit.write(max(known)),
                    }
                )
        return " ".join(parts)

    def table(self) -> Table:
        head = [Column(pgettext("column", "Day"), is_figure=False)]
        head += [Column(str(one.name)) for one in self.series]
        rows = [
            [day(on), *(self.axis.unit.write(one.values[place]) for one in self.series)]
            for place, on in enumerate(self.days)
        ]
        return Table(head, rows)

    def figures(self) -> dict[str, Any]:
        return {
            "axis": self.axis.drawn(),
            "days": [on.isoformat() for on in self.days],
            "fromZero": self.from_zero,
            "series": [
                {"name": str(one.name), "values": list(one.values), "ours": one.is_ours}
                for one in self.series
            ],
        }


# --- One thing against another --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """Where a curve passes; ``label`` says which choice leads there."""

    x: float
    y: float
    label: Words = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """What one way of doing gives; a single point is drawn as a mark. Ours is drawn thicker."""

    name: Words
    points: Sequence[Point]
    is_ours: bool = False


@dataclass(frozen=True, kw_only=True)
class TradeOff(Chart):
    """What more of one thing costs in another: stock in euros along, share served upwards."""

    kind: ClassVar[str] = "trade-off"

    x: Axis
    y: Axis
    curves: Sequence[Curve]

    def sentence(self) -> str:
        parts = []
        for curve in self.curves:
            if not curve.points:
                continue
            points = sorted(curve.points, key=lambda point: point.x)
            first, last = points[0], points[-1]
            words = {
                "name": _begun(curve.name),
                "y": self.y.unit.write(first.y),
                "x": self.x.unit.write(first.x),
                "last_y": self.y.unit.write(last.y),
                "last_x": self.x.unit.write(last.x),
            }
            text = (
                _("%(name)s: %(y)s for %(x)s.")
                if first is last
                else _("%(name)s: from %(y)s for %(x)s to %(last_y)s for %(last_x)s.")
            )
            parts.append(text % words)
        return " ".join(parts)

    def table(self) -> Table:
        has_labels = any(point.label for curve in self.curves for point in curve.points)
        head = [Column(pgettext("chart", "Curve"), is_figure=False)]
        if has_labels:
            head.append(Column(pgettext("chart", "Choice"), is_figure=False))
        head += [Column(str(self.x.label)), Column(str(self.y.label))]
        rows = [
            [
                str(curve.name),
                *([str(point.label)] if has_labels else []),
                self.x.unit.write(point.x),
                self.y.unit.write(point.y),
            ]
            for curve in self.curves
            for point in sorted(curve.points, key=lambda point: point.x)
        ]
        return Table(head, rows)

    def figures(self) -> dict[str, Any]:
        return {
            "x": self.x.drawn(),
            "y": self.y.drawn(),
            "curves": [
                {
                    "name": str(curve.name),
                    "ours": curve.is_ours,
                    "points": [
                        [point.x, point.y, str(point.label)]
                        for point in sorted(curve.points, key=lambda point: point.x)
                    ],
                }
                for curve in self.curves
            ],
        }


# --- Amounts side by side -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bar:
    """One amount and its name. Ours is inked, the others are outlined and hatched."""

    label: Words
    value: float
    is_ours: bool = False


@dataclass(frozen=True, kw_only=True)
class Bars(Chart):
    """Amounts as horizontal bars, in the order given, each with its figure at its end.

    ``reference`` is a value that all are measured against, drawn across with its words.
    """

    kind: ClassVar[str] = "bars"

    axis: Axis
    bars: Sequence[Bar]
    reference: Bar | None = None

    @property
    def rows(self) -> int:
        return len(self.bars)

    def sentence(self) -> str:
        told = list(self.bars)
        if len(told) > LISTED:
            ranked = sorted(told, key=lambda bar: bar.value)
            told = [ranked[-1], ranked[0]]
        if self.reference:
            told.append(self.reference)
        return " ".join(
            _("%(name)s: %(value)s.")
            % {"name": _begun(bar.label), "value": self.axis.unit.write(bar.value)}
            for bar in told
        )

    def table(self) -> Table:
        head = [Column(pgettext("chart", "Name"), is_figure=False), Column(str(self.axis.label))]
        told = [*self.bars, *([self.reference] if self.reference else [])]
        return Table(head, [[str(bar.label), self.axis.unit.write(bar.value)] for bar in told])

    def figures(self) -> dict[str, Any]:
        reference = self.reference and [str(self.reference.label), self.reference.value]
        return {
            "axis": self.axis.drawn(),
            "bars": [[str(bar.label), bar.value, bar.is_ours] for bar in self.bars],
            "reference": reference,
        }


def _begun(name: Words) -> str:
    """A name that begins a sentence."""
    text = str(name)
    return text[:1].upper() + text[1:]


def _exact(value: float) -> Decimal:
    return Decimal(repr(float(value)))
