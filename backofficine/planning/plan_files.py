"""The files of ``plan-orders``: what was sold, what is there and on its way, what to order."""

from __future__ import annotations

import csv
import gzip
import io
import math
import os
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.utils.translation import gettext_lazy

from backofficine.formats.tables import TableRefused
from backofficine.formats.tables.text import open_text
from backofficine.kernel.errors import DomainError
from backofficine.science.demand.history import Floats, History, Ints
from backofficine.science.demand.reading import group_of, week_weights

# Cells of a history (items × periods) that two gigabytes hold: beyond, a date is wrong.
MOST_CELLS = 60_000_000


class Periods(StrEnum):
    """What one row of the history sums up."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def cycle(self) -> int:
        """Places in the year: months, or ISO weeks."""
        return 12 if self is Periods.MONTH else 53


class UnreadableFile(DomainError):
    message = gettext_lazy("The file %(file)s cannot be read: %(reason)s")


class MissingColumn(DomainError):
    message = gettext_lazy(
        "The file %(file)s has no column “%(column)s”. Its columns: %(known)s. Name it so in its "
        "first line."
    )


class NoLines(DomainError):
    message = gettext_lazy("The file %(file)s has no line under its heading.")


class NoItem(DomainError):
    message = gettext_lazy("%(file)s, line %(line)s: the item has no name.")


class UnreadablePeriod(DomainError):
    message = gettext_lazy(
        "%(file)s, line %(line)s: “%(text)s” is no date. A period is written as its first day, "
        "such as 2026-11-23."
    )


class PeriodOffBeat(DomainError):
    message = gettext_lazy(
        "%(file)s, line %(line)s: %(text)s does not begin a period as %(first)s does. Check "
        "--periods, or the date."
    )


class UnreadableQuantity(DomainError):
    message = gettext_lazy(
        "%(file)s, line %(line)s, column “%(column)s”: “%(text)s” is no quantity."
    )


class NegativeQuantity(DomainError):
    message = gettext_lazy(
        "%(file)s, line %(line)s, column “%(column)s”: %(text)s is negative. Take returns away "
        "from the sales of their period."
    )


class NegativeStock(DomainError):
    message = gettext_lazy(
        "%(file)s, line %(line)s, column “%(column)s”: %(text)s is negative. Write what is really "
        "there."
    )


class UnreadableFlag(DomainError):
    message = gettext_lazy(
        "%(file)s, line %(line)s, column “in_stock”: “%(text)s” is neither true nor false (true, "
        "false, 1 or 0)."
    )


class SaidTwice(DomainError):
    message = gettext_lazy("%(file)s, line %(line)s: %(what)s was already said at line %(before)s.")


class TooFar(DomainError):
    message = gettext_lazy(
        "%(file)s goes from %(first)s to %(last)s for %(items)s items: too much to learn from. One "
        "of the dates is probably wrong."
    )


class UnwritablePlan(DomainError):
    message = gettext_lazy(
        "The file %(file)s cannot be written (%(reason)s), so nothing was done. Choose a folder "
        "that exists and is yours."
    )


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is there and on its way, by item of the state file, in its order."""

    items: list[str]
    on_hand: Ints
    """(m,) units."""
    arriving: Ints
    """(m, A): column k − 1 is there at the start of the k-th period after now."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was sold, by item in alphabetical order; now is the end of the last period."""

    items: list[str]
    history: History
    first: date
    last: date
    season_ahead: Ints
    weight_ahead: Floats


# --- Tables ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sheet:
    """A file being read: the place of each column, then its lines."""

    file: str
    heading: list[str]
    lines: Iterator[tuple[int, list[str]]]
    places: dict[str, int] = field(default_factory=dict)

    def need(self, *columns: str) -> None:
        for column in columns:
            if column not in self.places:
                raise MissingColumn(
                    file=self.file, column=column, known=", ".join(self.heading) or "—"
                )


def _open(path: Path) -> _Sheet:
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) else ""
        raise UnreadableFile(file=path, reason=reason or str(error)) from error
    try:
        lines = open_text(data).cells()
        _number, heading = next(lines)
    except TableRefused as error:
        raise UnreadableFile(file=path, reason=error) from error
    heading = [cell.strip() for cell in heading]
    sheet = _Sheet(path.name, heading, lines)
    for place, name in enumerate(heading):
        sheet.places.setdefault(name.casefold(), place)
    return sheet


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


# --- History --------------------------------------------------------------------------------------

# How an empty cell is written in a sentence.
NOTHING = "—"
FLAGS = {"true": True, "1": True, "false": False, "0": False}


def read_past(path: Path, *, periods: Periods, more: Sequence[str] = (), ahead: int) -> Past:
    """Read ``item,period,quantity,in_stock`` and columns ``attr_*``.

    A missing row, like an empty quantity, is a period of which nothing is known; a quantity out of
    stock is censored. ``more`` names items to keep room for, ``ahead`` the periods to come that the
    calendar must tell. Columns of other names are not read.

    :raises DomainError: at the first line that cannot be understood.
    """
    sheet = _open(path)
    sheet.need("item", "period", "quantity", "in_stock")
    file, places = sheet.file, sheet.places
    item_at, period_at, quantity_at, flag_at = (
        places[name] for name in ("item", "period", "quantity", "in_stock")
    )
    attributes = {name: at for name, at in places.items() if name.startswith("attr_")}
    rows: dict[str, int] = {}
    row_of, when, quantities, flags, numbers = [], [], [], [], []
    last_said: dict[str, list[str]] = {name: [] for name in attributes}
    for number, cells in sheet.lines:
        item = _cell(cells, item_at)
        if not item:
            raise NoItem(file=file, line=number)
        row = rows.setdefault(item, len(rows))
        text = _cell(cells, period_at)
        day = _day(text)
        if day is None:
            raise UnreadablePeriod(file=file, line=number, text=text[:40] or NOTHING)
        flag = FLAGS.get(_cell(cells, flag_at).casefold())
        if flag is None:
            raise UnreadableFlag(file=file, line=number, text=_cell(cells, flag_at)[:40] or NOTHING)
        said = _cell(cells, quantity_at)
        quantity = _units(said, file=file, line=number, column="quantity") if said else 0.0
        row_of.append(row)
        when.append(day)
        quantities.append(quantity)
        flags.append(flag and bool(said))
        numbers.append(number)
        for name, at in attributes.items():
            values = last_said[name]
            while len(values) <= row:
                values.append("")
            values[row] = _cell(cells, at) or values[row]
    if not rows:
        raise NoLines(file=file)
    for item in more:
        rows.setdefault(item, len(rows))
    return _past(
        rows,
        row_of=np.array(row_of),
        place=_places(when, numbers=numbers, periods=periods, file=file),
        quantity=np.array(quantities),
        flag=np.array(flags),
        numbers=numbers,
        attributes=list(last_said.values()),
        periods=periods,
        first=min(when),
        last=max(when),
        ahead=ahead,
        file=file,
    )


def _past(
    rows: dict[str, int],
    *,
    row_of: Ints,
    place: Ints,
    quantity: Floats,
    flag: Floats,
    numbers: list[int],
    attributes: list[list[str]],
    periods: Periods,
    first: date,
    last: date,
    ahead: int,
    file: str,
) -> Past:
    items = sorted(rows)
    n, length = len(items), int(place.max()) + 1
    if n * length > MOST_CELLS:
        raise TooFar(file=file, first=first, last=last, items=n)
    # Alphabetical order: the same facts in another order of lines give the same plan.
    rank = np.empty(n, dtype=np.int64)
    rank[[rows[item] for item in items]] = np.arange(n)
    cell = rank[row_of] * length + place
    order = np.argsort(cell, kind="stable")
    again = np.flatnonzero(np.diff(cell[order]) == 0)
    if len(again):
        before, now = order[again[0]], order[again[0] + 1]
        what = f"{items[rank[row_of[now]]]} {_moved(first, int(place[now]), periods)}"
        raise SaidTwice(file=file, line=numbers[now], what=what, before=numbers[before])
    asked, known = np.zeros(n * length), np.zeros(n * length, dtype=np.bool_)
    # Fractions of a pack are rounded, halves up: what is ordered is whole.
    asked[cell], known[cell] = np.floor(quantity + 0.5), flag
    by_item = asked.reshape(n, length), known.reshape(n, length)
    table = np.zeros((n, len(attributes)), dtype=np.int64)
    for column, names in enumerate(attributes):
        full = names + [""] * (n - len(names))
        table[:, column] = _codes([full[rows[item]] for item in items])
    days = [_moved(first, step, periods) for step in range(length + ahead)]
    season = np.array(
        [day.month - 1 if periods is Periods.MONTH else day.isocalendar().week - 1 for day in days],
        dtype=np.int64,
    )
    weight = np.ones(length + ahead)
    if periods is Periods.DAY:
        weight = week_weights(*by_item)[np.arange(length + ahead) % 7]
    return Past(
        items=items,
        history=History(
            quantity=by_item[0],
            known=by_item[1],
            weight=weight[:length],
            season=season[:length],
            group=group_of(table),
            attributes=table if attributes else None,
        ),
        first=first,
        last=last,
        season_ahead=season[length:],
        weight_ahead=weight[length:],
    )


def _codes(names: list[str]) -> Ints:
    return np.asarray(np.unique(np.array(names), return_inverse=True)[1], dtype=np.int64)


@lru_cache(maxsize=65536)
def _day(text: str) -> date | None:
    """ISO dates only: of 03/04/2026 nobody can say which is the month."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.+Z-]+)?", text):
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _places(when: list[date], *, numbers: list[int], periods: Periods, file: str) -> Ints:
    """Number of periods since the first one.

    :raises PeriodOffBeat: if a date does not begin one.
    """
    first = min(when)
    length = 7 if periods is Periods.WEEK else 1
    places = np.empty(len(when), dtype=np.int64)
    for index, day in enumerate(when):
        if periods is Periods.MONTH:
            off = day.day - first.day
            places[index] = (day.year - first.year) * 12 + day.month - first.month
        else:
            places[index], off = divmod((day - first).days, length)
        if off:
            raise PeriodOffBeat(file=file, line=numbers[index], text=day, first=first)
    return places


def _moved(first: date, steps: int, periods: Periods) -> date:
    if periods is Periods.MONTH:
        months = first.year * 12 + first.month - 1 + steps
        return date(months // 12, months % 12 + 1, min(first.day, 28))
    return first + timedelta(days=steps * (7 if periods is Periods.WEEK else 1))


def _units(text: str, *, file: str, line: int, column: str) -> float:
    try:
        value = float(text.replace("\u00a0", "").replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value > 1e9:
        raise UnreadableQuantity(file=file, line=line, column=column, text=text[:40] or NOTHING)
    if value < 0:
        refused = NegativeQuantity if column == "quantity" else NegativeStock
        raise refused(file=file, line=line, column=column, text=text[:40] or NOTHING)
    return value


# --- State ----------------------------------------------------------------------------------------


def read_shelf(path: Path) -> Shelf:
    """Read ``item,on_hand,arriving_1,…``; a missing ``arriving_k`` is none.

    :raises DomainError: at the first line that cannot be understood.
    """
    sheet = _open(path)
    sheet.need("item", "on_hand")
    file, places = sheet.file, sheet.places
    coming = {
        int(found[1]): at
        for name, at in places.items()
        if (found := re.fullmatch(r"arriving_([1-9][0-9]{0,3})", name))
    }
    lines: dict[str, int] = {}
    on_hand: list[int] = []
    arriving: list[dict[int, int]] = []

    def units(cells: Sequence[str], at: int, column: str, number: int) -> int:
        said = _cell(cells, at)
        value = _units(said, file=file, line=number, column=column)
        if value != int(value):
            raise UnreadableQuantity(
                file=file, line=number, column=column, text=said[:40] or NOTHING
            )
        return int(value)

    for number, cells in sheet.lines:
        item = _cell(cells, places["item"])
        if not item:
            raise NoItem(file=file, line=number)
        if item in lines:
            raise SaidTwice(file=file, line=number, what=item, before=lines[item])
        lines[item] = number
        on_hand.append(units(cells, places["on_hand"], "on_hand", number))
        arriving.append(
            {
                ahead: units(cells, at, f"arriving_{ahead}", number)
                for ahead, at in coming.items()
                if _cell(cells, at)
            }
        )
    if not lines:
        raise NoLines(file=file)
    table = np.zeros((len(lines), max(coming, default=0)), dtype=np.int64)
    for row, ahead_units in enumerate(arriving):
        for ahead, quantity in ahead_units.items():
            table[row, ahead - 1] = quantity
    return Shelf(items=list(lines), on_hand=np.array(on_hand, dtype=np.int64), arriving=table)


# --- What to order --------------------------------------------------------------------------------


def write_plan(path: Path, *, items: Sequence[str], quantity: Ints) -> None:
    """Write ``item,quantity``: the whole file or nothing.

    :raises UnwritablePlan: if the folder is not there or is another's.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["item", "quantity"])
    writer.writerows(zip(items, quantity.tolist(), strict=True))
    data = text.getvalue().encode()
    if path.suffix == ".gz":
        data = gzip.compress(data, mtime=0)
    _whole(path, lambda beside: beside.write_bytes(data))


def _whole(path: Path, write: Callable[[Path], object]) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.exists() and not path.is_file():
            # A device or a pipe is written to; it cannot be replaced.
            write(path)
            return
        write(beside)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UnwritablePlan(file=path, reason=error.strerror or error) from error
