"""Looking at the stock: the list with its filters, and one product."""

from functools import cache
from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from backofficine.kernel import clock
from backofficine.pharmacy.queries import local_day
from backofficine.stock import queries
from backofficine.stock.queries.listing import SHOW_LABELS, HeldLot, Show
from backofficine.team.request import Request

LONGEST_TEXT = 80


@login_required
@require_safe
def stock_list(request: Request) -> HttpResponse:
    """The followed products; the address tells the whole state: ``?show=…&q=…&page=…``."""
    asked, text = request.GET.get("show", ""), request.GET.get("q", "").strip()[:LONGEST_TEXT]
    show = Show(asked) if asked in set(Show) else Show.ALL
    page = request.GET.get("page", "")
    found = queries.stock_page(
        show=show,
        text=text,
        number=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
        on=local_day(clock.now()),
    )
    filters = [
        {"value": str(one), "label": label, "count": found.counts[one], "on": one is show}
        for one, label in SHOW_LABELS.items()
    ]
    context = {"page": found, "show": show, "text": text, "filters": filters}
    return render(request, "stock/list.html", context)


@login_required
@require_safe
def product(request: Request, public_id: UUID) -> HttpResponse:
    """One product: where it is, until when, what moves it. ``?lots=all`` shows every lot."""
    found = queries.product_of(public_id)
    if found is None:
        raise Http404
    sheet = queries.product_sheet(found, at=clock.now())
    lots = sheet.lots if request.GET.get("lots") == "all" else sheet.lots_to_look_at
    may_move = not found.is_narcotic or request.user.may("move_narcotics")
    context = {
        "product": found,
        "sheet": sheet,
        "lots": [(one, _lot_act(one)) for one in lots],
        "movements": [(one, _who(one.position)) for one in sheet.movements],
        "more_lots": len(sheet.lots) - len(lots),
        "bars": bars(sheet.weeks, tallest=sheet.tallest),
        "request_id": uuid4(),
        "may_count": may_move and request.user.may("count_stock"),
        "may_take_out": may_move and request.user.may("write_off"),
        "may_hold": request.user.may("hold_lots"),
        "may_open_names": request.user.may("open_names"),
    }
    return render(request, "stock/product.html", context)


# The page draws dozens of rows: each address is resolved once, then filled for every row.


@cache
def _pattern(name: str, sample: UUID | int) -> str:
    """The address of ``name`` with ``{}`` where it says ``sample``."""
    before, _, after = reverse(name, args=[sample]).rpartition(str(sample))
    return f"{before}{{}}{after}"


def _lot_act(lot: HeldLot) -> str:
    """Where a lot is held, or given back."""
    name = "stock:lift_hold" if lot.is_held else "stock:hold_lot"
    return _pattern(name, UUID(int=0)).format(lot.public_id)


def _who(position: int) -> str:
    """Where the name behind a posting is asked for."""
    return _pattern("stock:who", 0).format(position)


BAR_STEP, BAR_WIDTH, CHART_HEIGHT = 26, 17, 140


def bars(weeks: list[queries.Week], *, tallest: int) -> list[dict[str, object]]:
    """The demand as bars of an SVG 26 × weeks wide and 140 high."""
    unit = CHART_HEIGHT / tallest if tallest else 0
    drawn: list[dict[str, object]] = []
    month = 0
    for number, week in enumerate(weeks):
        height, missing = round(week.quantity * unit), round(week.missing * unit)
        drawn.append(
            {
                "week": week,
                "x": number * BAR_STEP + 4,
                "y": CHART_HEIGHT - height,
                "height": height,
                "missing_y": CHART_HEIGHT - missing,
                "missing": missing,
                "month": week.begins_on if week.begins_on.month != month else None,
            }
        )
        month = week.begins_on.month
    return drawn
