"""What patients asked for lately, product by product, and the days that could not tell."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, F, Max, Min, Q, Sum

from backofficine.pharmacy import queries as pharmacy
from backofficine.planning.queries.calendar import OpenDays
from backofficine.stock.models import DemandLine, Location

PERIOD_DAYS = 180
# A shop whose record is younger than this is read as if it were this old: what came before is not
# known, and a single good day is no rate.
SHORTEST_PERIOD_DAYS = 28
# Only a product asked for this often has a rate that days without stock could bend.
CORRECTED_FROM_LINES = 2

ASKED = (DemandLine.Kind.HISTORY, DemandLine.Kind.SERVED, DemandLine.Kind.MISSING)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of one product in the period, in stock units.

    ``days_out`` open days are left out of the period, with what was asked on them.
    """

    quantity: int = 0
    lines: int = 0
    largest: int = 0
    squares: int = 0
    days_out: int = 0

    def with_(self, other: "Asked") -> "Asked":
        """The demand of a product and of the code it replaces, taken together."""
        return Asked(
            quantity=self.quantity + other.quantity,
            lines=self.lines + other.lines,
            largest=max(self.largest, other.largest),
            squares=self.squares + other.squares,
            days_out=self.days_out,
        )


NOTHING = Asked()


@dataclass(frozen=True, slots=True)
class DemandTable:
    """The demand of every product asked for in the period, which holds ``days`` open days."""

    first_day: date
    last_day: date
    days: int
    by_product: dict[int, Asked]


@dataclass(frozen=True, slots=True)
class WeekOfDemand:
    """Stock units of one product asked for in the seven days from ``starts_on``."""

    starts_on: date
    served: int
    missing: int


def demand_at(
    at: datetime, *, on_hand: Mapping[int, int], open_days: OpenDays | None = None
) -> DemandTable:
    """Demand of the last 180 days, today included, for every product.

    Sales before the opening stock, what was served and what was missing all count: a patient sent
    away is demand. Returns are left aside.

    Days out of stock say nothing of the demand. An open day on which the record shows no servable
    box from morning to evening, and nothing served, leaves the period together with what was asked
    in vain that day. This is looked for where it matters: products missing at least once, or absent
    now. A product out more than half of the time is not kept here: its demand is what its promises
    say, and nothing is left out.
    """
    calendar = open_days or OpenDays.read()
    last = calendar.local_day(at)
    first = last - timedelta(days=PERIOD_DAYS - 1)
    rows = (
        DemandLine.objects.standing()
        .filter(occurred_on__gte=first, occurred_on__lte=last, kind__in=ASKED)
        .values_list("product")
        .annotate(
            total=Sum("quantity"),
            lines=Count("pk"),
            largest=Max("quantity"),
            squares=Sum(F("quantity") * F("quantity")),
            since=Min("occurred_on"),
            in_vain=Count("pk", filter=Q(kind=DemandLine.Kind.MISSING)),
        )
        .order_by()
    )
    asked: dict[int, Asked] = {}
    suspects: list[int] = []
    oldest = last
    for product, quantity, lines, largest, squares, since, missing in rows:
        asked[product] = Asked(int(quantity), lines, largest, int(squares))
        oldest = min(oldest, since)
        if lines >= CORRECTED_FROM_LINES and (missing or not on_hand.get(product)):
            suspects.append(product)
    first = max(first, min(oldest, last - timedelta(days=SHORTEST_PERIOD_DAYS - 1)))
    days = max(calendar.count(first, last), 1)
    for product, (days_out, in_vain) in _days_out(
        suspects, on_hand=on_hand, first=first, last=last, calendar=calendar
    ).items():
        if days_out * 2 <= days:
            whole = asked[product]
            asked[product] = Asked(
                quantity=whole.quantity - in_vain.quantity,
                lines=whole.lines - in_vain.lines,
                largest=whole.largest,
                squares=whole.squares - in_vain.squares,
                days_out=days_out,
            )
    return DemandTable(first_day=first, last_day=last, days=days, by_product=asked)


def _days_out(
    products: Iterable[int],
    *,
    on_hand: Mapping[int, int],
    first: date,
    last: date,
    calendar: OpenDays,
) -> dict[int, tuple[int, Asked]]:
    """Open days without any servable box, and what was asked on them, by product.

    The record is read backwards from what is there now. Days before the product's first movement
    are not known to be without stock, and are left alone.
    """
    wanted = sorted(products)
    if not wanted:
        return {}
    out_days = {
        product: days
        for product, by_day in _changes_by_day(wanted, since=first, calendar=calendar).items()
        if (
            days := _empty_days(by_day, after=on_hand.get(product, 0), last=last, calendar=calendar)
        )
    }
    asked: dict[int, dict[date, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    for product, day, kind, quantity in (
        DemandLine.objects.standing()
        .filter(
            product__in=list(out_days),
            occurred_on__gte=first,
            occurred_on__lte=last,
            kind__in=ASKED,
        )
        .values_list("product", "occurred_on", "kind", "quantity")
    ):
        asked[product][day].append((kind, quantity))
    found: dict[int, tuple[int, Asked]] = {}
    for product, days in out_days.items():
        # Something served proves that a box was there, whatever the record says.
        vain = [asked[product].get(day, []) for day in days if not _served(asked[product], day)]
        boxes = [quantity for lines in vain for _kind, quantity in lines]
        if vain:
            found[product] = (
                len(vain),
                Asked(quantity=sum(boxes), lines=len(boxes), squares=sum(q * q for q in boxes)),
            )
    return found


def _served(by_day: dict[date, list[tuple[str, int]]], day: date) -> bool:
    return any(kind != DemandLine.Kind.MISSING for kind, _quantity in by_day.get(day, ()))


def _empty_days(
    changes: Mapping[date, int], *, after: int, last: date, calendar: OpenDays
) -> list[date]:
    """Open days without a box nor a movement, read backwards from the stock ``after`` the last."""
    empty: list[date] = []
    edge = last + timedelta(days=1)  # the day after the stretch being looked at
    for day in sorted(changes, reverse=True):
        if after <= 0:
            empty += _open_days(day + timedelta(days=1), edge, calendar)
        after, edge = after - changes[day], day
    return empty


def _open_days(start: date, end: date, calendar: OpenDays) -> list[date]:
    days = (start + timedelta(days=ahead) for ahead in range((end - start).days))
    return [day for day in days if calendar.is_open(day)]


def _changes_by_day(
    products: list[int], *, since: date, calendar: OpenDays
) -> dict[int, dict[date, int]]:
    """Net change of the servable stock, by product and civil day."""
    serving = ", ".join(f"'{kind}'" for kind in Location.SERVING)
    places = ", ".join(["%s"] * len(products))
    start, _end = pharmacy.day_bounds(since)
    changes: dict[int, dict[date, int]] = {product: defaultdict(int) for product in products}
    days: dict[Any, date] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            # Only placeholders and the constants above are formatted in.
            f"""SELECT lot.product_id, posting.occurred_at,
                       CASE WHEN target.kind IN ({serving}) THEN move.quantity ELSE 0 END
                     - CASE WHEN source.kind IN ({serving}) THEN move.quantity ELSE 0 END
                FROM stock_lot lot
                JOIN stock_move move ON move.lot_id = lot.id
                JOIN stock_posting posting ON posting.id = move.posting_id
                JOIN stock_location source ON source.id = move.source_id
                JOIN stock_location target ON target.id = move.target_id
                WHERE lot.product_id IN ({places}) AND posting.occurred_at >= %s""",  # noqa: S608
            [*products, connection.ops.adapt_datetimefield_value(start)],
        )
        for product, moment, change in cursor.fetchall():
            if change:
                day = days.get(moment)
                if day is None:
                    # The raw cursor gives text on SQLite, which keeps instants in UTC.
                    instant = (
                        datetime.fromisoformat(f"{moment}+00:00")
                        if isinstance(moment, str)
                        else moment
                    )
                    day = days[moment] = calendar.local_day(instant)
                changes[product][day] += change
    return changes


def weekly_demand(product: int, *, at: datetime) -> list[WeekOfDemand]:
    """Demand of the last 26 weeks, oldest first, for a small chart."""
    last = pharmacy.local_day(at)
    weeks = 26
    first = last - timedelta(days=7 * weeks - 1)
    served, missing = [0] * weeks, [0] * weeks
    for day, kind, quantity in (
        DemandLine.objects.standing()
        .filter(product=product, occurred_on__gte=first, occurred_on__lte=last, kind__in=ASKED)
        .values_list("occurred_on", "kind", "quantity")
    ):
        into = missing if kind == DemandLine.Kind.MISSING else served
        into[(day - first).days // 7] += quantity
    return [
        WeekOfDemand(first + timedelta(days=7 * week), served[week], missing[week])
        for week in range(weeks)
    ]
