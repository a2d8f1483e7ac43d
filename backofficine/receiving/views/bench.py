"""*Réceptionner*: the floor, the bench, the closing. Each view runs one command or one query."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backofficine.catalog import queries as catalog
from backofficine.catalog.models import Product
from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.queries import local_day
from backofficine.receiving import queries, services
from backofficine.receiving.forms import (
    AnswerForm,
    DropForm,
    RequestForm,
    ScanForm,
    StartForm,
    TieForm,
)
from backofficine.receiving.models import (
    ExtraKind,
    Gap,
    Parcel,
    Receipt,
    ReceiptAnswer,
    ShortReason,
    UnknownKind,
)
from backofficine.receiving.queries import Ask, BenchView, Heard, ScanResult, Tone
from backofficine.team.request import Request

SHOWN = ("waiting", "gaps", "all")
PANELS = ("gap", "lots")
Question = ReceiptAnswer.Question


def _may_receive(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    return login_required(permission_required("team.receive", raise_exception=True)(view))


def _receipt(number: int) -> Receipt:
    return get_object_or_404(
        Receipt.objects.select_related("supplier", "delivery_round"), number=number
    )


def _by_pharmacist(request: Request) -> bool:
    return request.user.has_perm("team.move_narcotics")


# The floor --------------------------------------------------------------------------------------


@require_safe
@_may_receive
def receive(request: Request) -> HttpResponse:
    """What is on the floor with its clocks, and what is due."""
    return _floor(request, DropForm(initial={"request_id": uuid4()}), at=clock.now())


def _floor(request: Request, form: DropForm, *, at: datetime, status: int = 200) -> HttpResponse:
    seen = queries.floor(at=at)
    context = {"floor": seen, "form": form, "start_id": uuid4(), "at": at}
    return render(request, "receiving/receive.html", context, status=status)


@require_POST
@_may_receive
def drop(request: Request) -> HttpResponse:
    """The driver left totes or cartons."""
    at = clock.now()
    form = DropForm(request.POST)
    if form.is_valid():
        try:
            parcels = services.drop(at=at, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, _("%(count)s on the floor, their clock runs.") % {"count": len(parcels)}
            )
            return redirect("receiving:receive")
    return _floor(request, form, at=at, status=422)


@require_POST
@_may_receive
def start(request: Request) -> HttpResponse:
    """Open the bench for a delivery, or join the one that is open."""
    form = StartForm(request.POST)
    if not form.is_valid():
        return redirect("receiving:receive")
    told = form.cleaned_data
    receipt = services.start_receipt(
        supplier=told["supplier"],
        delivery_round=told["delivery_round"],
        orders=[told["order"]] if told["order"] else None,
        at=clock.now(),
        request_id=told["request_id"],
    )
    return redirect("receiving:bench", receipt.number)


# The bench --------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@_may_receive
def bench(request: Request, number: int) -> HttpResponse:
    """One receipt: a scan is a POST here, and is answered by the bench drawn again."""
    at = clock.now()
    on = local_day(at)
    receipt = _receipt(number)
    if request.method != "POST":
        line = request.GET.get("line", "")
        return _draw(request, receipt, at=at, on=on, product_id=int(line) if line.isdecimal()
                     and len(line) < 18 else None)  # fmt: skip
    form = ScanForm(request.POST)
    if not form.is_valid():
        return _draw(request, receipt, at=at, on=on, result=_refused(_unreadable()), status=422)
    told = form.cleaned_data
    try:
        result = _answered_by_digit(request, receipt, told, at=at, on=on) or services.hear(
            receipt,
            text=told["code"],
            product=told["product"],
            is_confirmed=told["confirmed"],
            at=at,
            on=on,
            actor=request.actor,
            by_pharmacist=_by_pharmacist(request),
            request_id=told["request_id"],
            workstation=request.workstation,
        )
    except DomainError as error:
        return _draw(request, receipt, at=at, on=on, result=_refused(str(error)), status=422)
    return _draw(request, receipt, at=at, on=on, result=result)


def _unreadable() -> str:
    return _("This scan could not be read. Scan again")


def _refused(words: str) -> ScanResult:
    return ScanResult(Tone.STOP, Heard.NOTHING, words)


_DIGITS: dict[Ask, list[str]] = {
    Ask.EXTRA: ExtraKind.values,
    Ask.SHORT_DATED: ShortReason.values,
    Ask.UNKNOWN: [UnknownKind.ASIDE, UnknownKind.SUBSTITUTION, UnknownKind.ERROR, UnknownKind.GIFT],
}


def _answered_by_digit(
    request: Request, receipt: Receipt, told: dict[str, Any], *, at: datetime, on: date
) -> ScanResult | None:
    """A digit alone answers the question on the screen; everywhere else it is a text."""
    code: str = told["code"]
    if len(code) != 1 or code not in "12345":
        return None
    last = queries.last_result(receipt, on=on)
    for ask in last.asks if last else ():
        choices = _DIGITS.get(ask, [])
        if last is not None and int(code) <= len(choices):
            services.answer(
                receipt,
                question=ask,
                choice=choices[int(code) - 1],
                product=None if last.unknown else last.product,
                unknown=last.unknown,
                at=at,
                actor=request.actor,
                request_id=told["request_id"],
                workstation=request.workstation,
            )
            return queries.result_of(receipt, last.act, on=on) if last.act else None
    return None


def _draw(
    request: Request,
    receipt: Receipt,
    *,
    at: datetime,
    on: date,
    result: ScanResult | None = None,
    product_id: int | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = (request.POST if request.method == "POST" else request.GET).get("shown", "")
    shown = shown if shown in SHOWN else ""
    if request.method == "POST":
        # A scan answers in milliseconds: it never draws the long lists.
        shown = shown if shown == "gaps" else ""
    seen = queries.bench(receipt, at=at, on=on, result=result, product_id=product_id, shown=shown)
    panel = request.GET.get("panel", "")
    context = {
        "bench": seen,
        "receipt": receipt,
        "at": at,
        "panel": panel if panel in PANELS else "",
        "ids": _Fresh(),
        "extra_kinds": ExtraKind.choices,
        "short_reasons": ShortReason.choices,
        "substitutable": _substitutable(seen),
        "url": reverse("receiving:bench", args=[receipt.number]),
    }
    template = "receiving/bench.html#bench" if request.htmx else "receiving/bench.html"
    return render(request, template, context, status=status)


class _Fresh:
    """A new request for each form of a page."""

    @property
    def new(self) -> UUID:
        return uuid4()


def _substitutable(seen: BenchView) -> list[Product]:
    """Lines that an unordered box may replace, the likeliest first."""
    if seen.result is None or not {Ask.EXTRA, Ask.UNKNOWN} & set(seen.result.asks):
        return []
    keys = [line.product_id for line in seen.counts.expected_lines if line.missing][:60]
    products = list(Product.objects.filter(pk__in=keys))
    came = seen.result.product
    return sorted(
        products,
        key=lambda one: (
            not (came and came.substance and one.substance == came.substance),
            not (came and one.strength == came.strength),
            one.name,
        ),
    )


@require_POST
@_may_receive
def answer(request: Request, number: int) -> HttpResponse:
    """A person says what no scan could tell."""
    at = clock.now()
    on = local_day(at)
    receipt = _receipt(number)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        errors = [str(text) for texts in form.errors.values() for text in texts]
        return _draw(request, receipt, at=at, on=on, result=_refused(" ".join(errors)), status=422)
    told = form.cleaned_data
    if told["choice"] != ExtraKind.SUBSTITUTION:
        told["replaces"] = None
    try:
        services.answer(
            receipt, at=at, actor=request.actor, workstation=request.workstation, **told
        )
    except DomainError as error:
        return _draw(request, receipt, at=at, on=on, result=_refused(str(error)), status=422)
    if not request.htmx:
        return redirect("receiving:bench", receipt.number)
    keeps_line = told["question"] == Question.PRICE and told["product"]
    return _draw(
        request, receipt, at=at, on=on, product_id=told["product"].pk if keeps_line else None
    )


@require_POST
@_may_receive
def tie(request: Request, number: int) -> HttpResponse:
    """The unknown code is that of a product we know: chosen by name, then tied and counted."""
    at = clock.now()
    on = local_day(at)
    receipt = _receipt(number)
    form = TieForm(request.POST)
    if not form.is_valid() or form.cleaned_data["unknown"].receipt_id != receipt.pk:
        return _draw(request, receipt, at=at, on=on, result=_refused(_unreadable()), status=422)
    told = form.cleaned_data
    if told["product"] is None:
        found = catalog.search(told["name"], limit=6)
        result = queries.unknown_result(told["unknown"])
        return _draw_choice(request, receipt, result, found, at=at, on=on)
    try:
        result = services.tie_code(
            told["unknown"],
            product=told["product"],
            at=at,
            on=on,
            actor=request.actor,
            by_pharmacist=_by_pharmacist(request),
            request_id=told["request_id"],
            workstation=request.workstation,
        )
    except DomainError as error:
        return _draw(request, receipt, at=at, on=on, result=_refused(str(error)), status=422)
    return _draw(request, receipt, at=at, on=on, result=result)


def _draw_choice(
    request: Request,
    receipt: Receipt,
    result: ScanResult,
    found: list[Product],
    *,
    at: datetime,
    on: date,
) -> HttpResponse:
    context = {
        "bench": queries.bench(receipt, at=at, on=on, result=result),
        "receipt": receipt,
        "at": at,
        "ids": _Fresh(),
        "tied_choices": found,
        "has_searched": True,
        "substitutable": [],
        "url": reverse("receiving:bench", args=[receipt.number]),
    }
    template = "receiving/bench.html#bench" if request.htmx else "receiving/bench.html"
    return render(request, template, context)


@require_POST
@_may_receive
def undo(request: Request, number: int) -> HttpResponse:
    """Take back the last scan."""
    at = clock.now()
    on = local_day(at)
    receipt = _receipt(number)
    form = RequestForm(request.POST)
    if not form.is_valid():
        return _draw(request, receipt, at=at, on=on, result=_refused(_unreadable()), status=422)
    try:
        result = services.undo_scan(
            receipt, at=at, on=on, actor=request.actor, by_pharmacist=_by_pharmacist(request),
            workstation=request.workstation, request_id=form.cleaned_data["request_id"],
        )  # fmt: skip
    except DomainError as error:
        return _draw(request, receipt, at=at, on=on, result=_refused(str(error)), status=422)
    return _draw(request, receipt, at=at, on=on, result=result)


@require_POST
@_may_receive
def open_parcel(request: Request, number: int, parcel: int) -> HttpResponse:
    """Start on the next tote: the one before is empty."""
    receipt = _receipt(number)
    services.open_parcel(
        get_object_or_404(Parcel, pk=parcel, receipt=receipt), at=clock.now(), receipt=receipt
    )
    return redirect("receiving:bench", receipt.number)


# The closing ------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@_may_receive
def closing(request: Request, number: int) -> HttpResponse:
    """The gaps and the totals; a POST closes the receipt, which cannot be undone."""
    at = clock.now()
    on = local_day(at)
    receipt = _receipt(number)
    form = RequestForm(request.POST or None, initial={"request_id": uuid4()})
    if request.method == "POST" and form.is_valid():
        try:
            if "cancel" in request.POST:
                services.cancel_receipt(receipt, on=on)
                return redirect("receiving:receive")
            services.validate(
                receipt, at=at, on=on, actor=request.actor, workstation=request.workstation,
                request_id=form.cleaned_data["request_id"],
            )  # fmt: skip
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(receipt)s is closed: put away.") % {"receipt": receipt})
            return redirect("receiving:put_away")
    context = {**_closing_context(receipt, at=at, on=on), "form": form}
    return render(request, "receiving/closing.html", context, status=422 if form.errors else 200)


def _closing_context(receipt: Receipt, *, at: datetime, on: date) -> dict[str, Any]:
    counts = queries.tally(receipt, on=on)
    gaps = (
        services.gaps_of(receipt, counts, at=at)
        if receipt.status == Receipt.Status.OPEN
        else list(receipt.gaps.order_by("pk"))
    )
    touched = counts.touched_lines
    keys = {line.product_id for line in touched} | {gap.product_id for gap in gaps}
    keys |= {gap.replaces_id for gap in gaps if gap.replaces_id}
    products = Product.objects.in_bulk(list(keys))
    order = {kind: rank for rank, kind in enumerate(Gap.Kind.values)}
    return {
        "receipt": receipt,
        "counts": counts,
        "gaps": sorted(
            (
                {
                    "gap": gap,
                    "product": products[gap.product_id],
                    "replaces": products.get(gap.replaces_id) if gap.replaces_id else None,
                    "difference": (
                        gap.actual_price - gap.expected_price
                        if gap.kind == Gap.Kind.PRICE
                        else None
                    ),
                }
                for gap in gaps
            ),
            key=lambda row: (order[row["gap"].kind], row["product"].name),
        ),
        "totals": _totals(counts, products),
        "held": [
            {"product": products[line.product_id], "boxes": line.held_back}
            for line in touched
            if line.held_back
        ],
        "unknown": receipt.unknown_scans.exclude(answers__answer=UnknownKind.UNDONE).count(),
        "undated": sum(
            1 for line in touched for lot in line.lots if lot.expires_on is None and lot.quantity
        ),
    }


def _totals(counts: queries.Tally, products: dict[int, Product]) -> dict[str, Any]:
    """Boxes, euros excl. VAT due and come, and the VAT of what came by rate."""
    due, came, boxes = Decimal(0), Decimal(0), 0
    by_rate: dict[Decimal, Decimal] = {}
    for line in counts.lines.values():
        expected = line.expected_price or Decimal(0)
        price = line.actual_price if line.actual_price is not None else expected
        due += line.ordered * expected
        amount = line.received * price
        came += amount
        boxes += line.received
        if amount:
            rate = products[line.product_id].vat_rate
            by_rate[rate] = by_rate.get(rate, Decimal(0)) + amount
    return {
        "boxes": boxes,
        "due": due,
        "came": came,
        "vat": [
            {"rate": rate, "base": base, "vat": base * rate / 100}
            for rate, base in sorted(by_rate.items())
        ],
    }
