"""A report laid out for whoever reads it: figures in order of euros, lines, tables, in words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from backofficine.picture import words
from backofficine.picture.methods import Method, method_of
from backofficine.picture.report import Figure, Line, Number, Report, Row, Section, Table
from backofficine.web.templatetags.components import euros, quantity

FIRST_LINES = 5
ATC_ROWS = 8


@dataclass(frozen=True)
class Told:
    """One figure in words; ``is_estimate`` when it has an interval. ``behind``: lines it opens."""

    key: str
    section: str
    label: str
    value: str
    interval: str
    level: int
    behind: int
    method: Method

    @property
    def is_estimate(self) -> bool:
        return bool(self.interval)


@dataclass(frozen=True)
class Ranked:
    """What a subject weighs, beside the others; bars in percent of the longest."""

    key: str
    section: str
    label: str
    value: str
    interval: str
    note: str
    bar: str
    bar_high: str


@dataclass(frozen=True)
class LineTold:
    """A product behind a figure, in words."""

    line: Line
    boxes: str
    boxes_interval: str
    euros: str
    euros_interval: str
    chance: str
    reason: str


@dataclass(frozen=True)
class Cells:
    """A table of section 8: its title, heads and rows of texts, the first being the name."""

    key: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Part:
    """A section as the page shows it."""

    key: str
    title: str
    says: str
    absent: str
    lacks_catalogue: bool
    told: tuple[Told, ...]
    lines: tuple[LineTold, ...]
    total: int
    methods: tuple[Method, ...]
    tables: tuple[Cells, ...] = field(default=())
    weight: Decimal = Decimal(0)

    @property
    def has_more(self) -> bool:
        return self.total > len(self.lines)

    @property
    def has_estimate(self) -> bool:
        return any(one.is_estimate for one in self.told)


# --- Figures --------------------------------------------------------------------------------------


def told(section: Section, figure: Figure, *, decimals: int = 2) -> Told:
    """A figure of a section, in words."""
    return Told(
        key=figure.key,
        section=section.key,
        label=words.word(words.FIGURES, figure.key),
        value=words.value_of(figure, decimals=decimals),
        interval=words.interval_of(figure, decimals=decimals),
        level=figure.level,
        behind=len(section.behind(figure)),
        method=method_of(figure.method),
    )


def find(report: Report, key: str) -> tuple[Section, Figure] | None:
    """The figure of a key, with its section."""
    for section in report.sections:
        figure = section.figure(key)
        if figure is not None:
            return section, figure
    return None


def headline(report: Report, key: str) -> Told | None:
    """A figure for a tile: euros rounded."""
    found = find(report, key)
    return told(*found, decimals=0) if found else None


def asleep(report: Report) -> Figure | None:
    """Dormant and excess together: their bounds add up."""
    both = [found[1] for key in ("dormant_euros", "excess_euros") if (found := find(report, key))]
    if not both:
        return None
    return Figure(
        "asleep",
        "euros",
        sum((Decimal(one.value) for one in both), Decimal(0)),
        sum((Decimal(one.low) for one in both), Decimal(0)),
        sum((Decimal(one.high) for one in both), Decimal(0)),
        "excess",
        min(one.level for one in both),
    )


def level(report: Report) -> int:
    """How many times out of 100 the intervals hold the truth."""
    levels = [one.level for part in report.sections for one in part.figures if one.level < 100]
    return min(levels, default=90)


def ranked(report: Report) -> list[Ranked]:
    """The subjects in order of euros, the dearest first; those that weigh nothing are left out."""
    found = [
        (section, figure)
        for section in report.sections
        for figure in section.figures
        if figure.key in words.RANKED and figure.value > 0
    ]
    order = list(words.RANKED)
    found.sort(key=lambda one: (-one[1].value, order.index(one[1].key)))
    longest = max((figure.high for _section, figure in found), default=Decimal(1)) or Decimal(1)
    rows = []
    for section, figure in found:
        products = len(section.behind(figure))
        rows.append(
            Ranked(
                key=figure.key,
                section=section.key,
                label=words.word(words.RANKED, figure.key),
                value=words.value_of(figure).removesuffix(_("%(amount)s a month") % {"amount": ""}),
                interval=words.interval_of(figure, decimals=0),
                note=words.groups(products)
                if section.key == "dispersion"
                else words.products(products),
                bar=_width(figure.value, longest),
                bar_high=_width(figure.high, longest),
            )
        )
    return rows


def _width(value: Number, longest: Number) -> str:
    return f"{max(100 * float(value) / float(longest), 0.5):.1f}"


# --- Sections -------------------------------------------------------------------------------------


def parts(report: Report) -> list[Part]:
    """Every section, in order of euros; those without a figure come last."""
    made = [_part(section) for section in report.sections]
    return sorted(made, key=lambda part: (part.key == "cover", bool(part.absent), -part.weight))


def _part(section: Section) -> Part:
    title, says = words.SECTIONS.get(section.key, (section.key, ""))
    weighed = [one.value for one in section.figures if one.key in words.RANKED]
    methods = dict.fromkeys(method_of(one.method) for one in section.figures)
    return Part(
        key=section.key,
        title=str(title),
        says=str(says),
        absent=words.word(words.ABSENT, section.absent) if section.absent else "",
        # A zero is told of the subject itself only; the others would be noise.
        lacks_catalogue=section.absent in ("no_catalogue", "one_edition"),
        told=tuple(
            told(section, figure)
            for figure in section.figures
            if figure.high > 0 or figure.key in words.RANKED
        ),
        lines=tuple(line_told(line) for line in section.lines[:FIRST_LINES]),
        total=len(section.lines),
        methods=tuple(methods),
        # A table that knows no class teaches nothing.
        tables=tuple(
            cells(table) for table in section.tables if any(row.key for row in table.rows)
        ),
        weight=max((Decimal(value) for value in weighed), default=Decimal(0)),
    )


def line_told(line: Line) -> LineTold:
    """A product, in words."""
    is_counted = line.boxes_low == line.boxes_high
    is_priced = line.euros is not None
    return LineTold(
        line=line,
        boxes=words.number(line.boxes),
        boxes_interval=""
        if is_counted
        else words.between(line.boxes_low, line.boxes_high, "boxes"),
        euros=euros(line.euros) if is_priced else "–",
        euros_interval=(
            words.between(line.euros_low, line.euros_high, "euros", decimals=0)
            if line.euros_low is not None
            and line.euros_high is not None
            and line.euros_low != line.euros_high
            else ""
        ),
        chance=words.percent(line.probability) if line.probability is not None else "",
        reason=words.reason(line),
    )


def cells(table: Table) -> Cells:
    """A table of section 8, in words."""
    title, head = words.TABLES.get(table.key, (table.key, ""))
    if table.key == "pareto":
        return Cells(
            table.key,
            str(title),
            (str(head), _("Products"), _("of all")),
            tuple(
                (
                    words.row_name(table.key, row.key),
                    quantity(row.numbers["products"]),
                    words.percent(row.numbers["share_of_products"]),
                )
                for row in table.rows
            ),
        )
    return Cells(
        table.key,
        str(title),
        (str(head), _("Products"), _("Boxes"), _("Stock"), _("Days")),
        tuple(
            (
                words.row_name(table.key, row.key),
                quantity(row.numbers.get("references")),
                quantity(row.numbers.get("boxes")),
                euros(Decimal(row.numbers.get("euros", 0)), 0),
                _days(row.numbers.get("cover_days")),
            )
            for row in _largest(table)
        ),
    )


def _largest(table: Table) -> Sequence[Row]:
    if table.key != "atc":
        return table.rows
    return sorted(table.rows, key=lambda row: -row.numbers.get("euros", 0))[:ATC_ROWS]


def _days(value: Number | None) -> str:
    return "–" if value is None else quantity(value, 0)
