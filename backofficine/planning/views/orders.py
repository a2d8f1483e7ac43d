"""Pages of ordering: prepare a draft, send it, read the answer."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from backofficine.catalog import queries as catalog
from backofficine.catalog.models import Product
from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.planning import order_file as files
from backofficine.planning import pages, queries, services
from backofficine.planning.forms import (
    ActForm,
    AddForm,
    AnswerForm,
    ElsewhereForm,
    LineForm,
    SendForm,
)
from backofficine.planning.queries import DraftFigures, Show, effect
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing import services as purchasing_services
from backofficine.purchasing.models import DeliveryRound, Order, OrderLine, Supplier
from backofficine.purchasing.services import AbsurdQuantity, LineChanged
from backofficine.team.request import Request

PAGE = 25  # lines on screen at once; the next ones come as one scrolls
RECENT = 30
CANDIDATES = 8

may_order = permission_required("team.order", raise_exception=True)


# --- The draft ------------------------------------------------------------------------------------


@login_required
@may_order
@require_safe
def orders(request: Request) -> HttpResponse:
    """The draft of a supplier and a round; the address tells the whole state."""
    return _orders_page(request, at=clock.now())


@login_required
@may_order
@require_POST
def prepare(request: Request) -> HttpResponse:
    """Make the draft, or bring its proposals up to date."""
    now = clock.now()
    supplier = get_object_or_404(purchasing.suppliers(), pk=_whole(request.POST.get("supplier")))
    purchasing_services.generate_rounds(at=now)
    delivery_round = _round(supplier, request.POST.get("round"), at=now)
    try:
        order = services.propose_orders(
            supplier=supplier, delivery_round=delivery_round, at=now, actor=request.actor
        )
    except DomainError as error:
        return _orders_page(request, at=now, supplier=supplier, refusal=str(error))
    return redirect(_address(order))


@login_required
@may_order
@require_POST
def carry(request: Request, public_id: UUID) -> HttpResponse:
    """Move a draft that missed its cut-off to the next round."""
    now = clock.now()
    order = _order(public_id)
    try:
        kept = services.carry_over(order, at=now, actor=request.actor)
    except DomainError as error:
        return _orders_page(request, at=now, order=order, refusal=str(error))
    messages.success(request, _("The draft was moved to the next round, and brought up to date."))
    return redirect(_address(kept))


@login_required
@may_order
@require_http_methods(["GET", "POST"])
def line(request: Request, pk: int) -> HttpResponse:
    """One line: open it (GET), keep it or change its quantity (POST)."""
    now = clock.now()
    found = get_object_or_404(
        OrderLine.objects.select_related("order__supplier", "order__delivery_round", "product"),
        pk=pk,
    )
    if request.method == "GET":
        row = pages.LineRow(found)
        if request.GET.get("closed") is None:
            pages.open_up(row, at=now)
        return _line_answer(request, row, at=now)
    row, follows = _change(request, found, at=now)
    if row.error and row.is_open:
        pages.open_up(row, at=now)
    return _line_answer(request, row, at=now, figures=True, follows=follows)


def _change(request: Request, found: OrderLine, *, at: datetime) -> tuple[pages.LineRow, int]:
    """Obey what was typed; the line as it is now, and the version of the order then on screen."""
    order = found.order
    read = _whole(request.POST.get("read"))
    form = LineForm(request.POST)
    typed = request.POST.get("quantity", "")
    if not form.is_valid():
        refusal = " ".join(str(text) for texts in form.errors.values() for text in texts)
        return _refused(request, found, typed=typed, error=refusal), read
    data = form.cleaned_data
    kept = data["quantity"] == found.quantity and data["reason"] in ("", found.change_reason)
    try:
        if kept:
            changed = purchasing_services.check_line(found, at=at, actor=request.actor)
        else:
            changed = purchasing_services.set_line(
                order,
                product=found.product,
                quantity=data["quantity"],
                at=at,
                actor=request.actor,
                reason=data["reason"],
                is_confirmed=data["is_confirmed"],
                seen=data["seen"],
            )
    except DomainError as error:
        row = _refused(request, found, typed=typed, error=str(error))
        row.asks_confirmation = isinstance(error, AbsurdQuantity)
        row.is_conflict = isinstance(error, LineChanged)
        return row, read
    order.refresh_from_db(fields=["version", "status"])
    # What others changed meanwhile is still to be read before sending.
    follows = order.version if order.version == read + 1 else read
    return pages.LineRow(changed, is_open="open" in request.POST), follows


def _refused(request: Request, found: OrderLine, *, typed: str, error: str) -> pages.LineRow:
    """The line as it is in the database now, with what was typed beside it."""
    found.refresh_from_db()
    return pages.LineRow(
        found,
        typed=typed[:12],
        typed_reason=request.POST.get("reason", ""),
        error=error,
        is_open="open" in request.POST,
    )


def _line_answer(
    request: Request,
    row: pages.LineRow,
    *,
    at: datetime,
    figures: bool = False,
    follows: int | None = None,
) -> HttpResponse:
    order = row.line.order
    status = 422 if row.error else 200
    if request.htmx:
        context: dict[str, Any] = {"row": row, "order": order, "with_figures": figures}
        context |= _row_words(request, page_address=_address(order, keep=request.POST))
        if figures:
            context |= _figures(order, at=at, read=follows)
        return render(request, "planning/orders.html#answer", context, status=status)
    if figures and not row.error:
        return redirect(f"{_address(order, keep=request.POST)}#line-{row.line.pk}")
    return _orders_page(request, at=at, order=order, row=row, status=status)


@login_required
@may_order
@require_safe
def month_end(request: Request, public_id: UUID) -> HttpResponse:
    """What the order does to the stock of the end of the month; fetched once the page is there."""
    now = clock.now()
    order = _order(public_id)
    if not request.htmx:
        return redirect(f"{_address(order)}&month_end=1")
    context = {"order": order, **_month_end(order, at=now)}
    return render(request, "planning/orders.html#month_end", context)


@login_required
@may_order
@require_POST
def accept(request: Request, public_id: UUID) -> HttpResponse:
    """Accept every line that asks for nobody's eye."""
    now = clock.now()
    order = _order(public_id)
    wanted = [one.pk for one in queries.lines_shown(order, show=Show.ALL) if not one.is_to_look_at]
    try:
        count = purchasing_services.check_lines(order, lines=wanted, at=now, actor=request.actor)
    except DomainError as error:
        return _orders_page(request, at=now, order=order, refusal=str(error))
    messages.success(
        request,
        ngettext("%(count)d line accepted.", "%(count)d lines accepted.", count) % {"count": count},
    )
    return redirect(_address(order, keep=request.POST))


@login_required
@may_order
@require_POST
def add(request: Request, public_id: UUID) -> HttpResponse:
    """Add a product by scan, by name, or by choosing it in the list that a name gave."""
    now = clock.now()
    order = _order(public_id)
    form = AddForm(request.POST)
    found: list[Product] = []
    if chosen := request.POST.get("product"):
        found = _chosen(chosen)
    elif form.is_valid():
        code = form.cleaned_data["code"]
        found = catalog.find_by_code(code) or catalog.search(code, limit=CANDIDATES)
    if len(found) != 1:
        context = {
            "candidates": found,
            "asked": request.POST.get("code", "")[:80],
            "order": order,
            "nothing": not found,
        }
        status = 200 if found else 422
        if request.htmx:
            return render(request, "planning/orders.html#candidates", context, status=status)
        return _orders_page(request, at=now, order=order, extra=context, status=status)
    line = order.lines.filter(product=found[0]).first()
    try:
        if line is None:
            line = services.add_by_hand(
                order, product=found[0], quantity=1, at=now, actor=request.actor
            )
            messages.success(request, _("%(product)s: 1 box added.") % {"product": found[0]})
        else:
            messages.info(request, _("%(product)s is already here.") % {"product": found[0]})
    except services.DoubleOrder:
        address = f"{reverse('planning:doubles', args=[public_id])}?product={found[0].public_id}"
        return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
    except DomainError as error:
        return _orders_page(request, at=now, order=order, refusal=str(error))
    address = f"{_address(order, show=Show.ALL, open=line.pk)}#line-{line.pk}"
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


@login_required
@may_order
@require_POST
def send(request: Request, public_id: UUID) -> HttpResponse:
    """Hand the order over: a file to download, or a page to print."""
    now = clock.now()
    order = _order(public_id)
    form = SendForm(request.POST)
    if not form.is_valid():
        return _orders_page(
            request, at=now, order=order, refusal=_("Choose file or paper, then send again.")
        )
    data = form.cleaned_data
    try:
        sent = services.send_order(
            order,
            channel=data["channel"],
            at=now,
            actor=request.actor,
            request_id=data["request_id"],
            seen=data["seen"],
        )
    except services.DoubleOrder:
        return redirect("planning:doubles", public_id=public_id)
    except DomainError as error:
        return _orders_page(request, at=now, order=order, refusal=str(error))
    if sent.channel == Order.Channel.PRINT:
        return redirect("planning:order_print", public_id=sent.public_id)
    return redirect(f"{reverse('planning:order', args=[sent.public_id])}?download=1")


# --- Orders that left -----------------------------------------------------------------------------


@login_required
@may_order
@require_safe
def recent(request: Request) -> HttpResponse:
    """Orders, newest first, with where they stand."""
    page = Paginator(purchasing.recent_orders(), RECENT).get_page(request.GET.get("page"))
    awaited = purchasing.open_orders().count()
    return render(request, "planning/recent.html", {"page": page, "awaited": awaited})


@login_required
@may_order
@require_safe
def order(request: Request, public_id: UUID) -> HttpResponse:
    """One order: its lines, its answer, what to do next."""
    found = _order(public_id)
    if found.is_draft:
        return redirect(_address(found))
    return _order_page(request, found, at=clock.now())


@login_required
@may_order
@require_safe
def order_file(request: Request, public_id: UUID) -> HttpResponse:
    """The order as a CSV file."""
    found = _order(public_id)
    answer = HttpResponse(files.order_csv(found), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{files.file_name(found)}"'
    return answer


@login_required
@may_order
@require_safe
def order_print(request: Request, public_id: UUID) -> HttpResponse:
    """The order on paper, to be read over the phone or kept beside the delivery."""
    found = _order(public_id)
    lines = (
        found.lines.filter(quantity__gt=0)
        .select_related("product")
        .order_by("product__name", "product__strength", "pk")
    )
    context = {"order": found, "lines": lines, "totals": purchasing.totals(found)}
    return render(request, "planning/print.html", context)


@login_required
@may_order
@require_POST
def answer(request: Request, public_id: UUID) -> HttpResponse:
    """Write what the supplier will send."""
    now = clock.now()
    found = _order(public_id)
    form = AnswerForm(request.POST, lines=_asked_lines(found))
    if form.is_valid():
        try:
            short = services.answer_order(
                found,
                answers=form.answers,
                at=now,
                actor=request.actor,
                request_id=form.cleaned_data["request_id"],
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            if not short:
                messages.success(request, _("Answer kept: everything comes."))
            return redirect("planning:order", public_id=found.public_id)
    return _order_page(request, found, at=now, form=form, status=422)


@login_required
@may_order
@require_POST
def elsewhere(request: Request, pk: int) -> HttpResponse:
    """Ask another supplier for what is missing."""
    now = clock.now()
    short = get_object_or_404(OrderLine.objects.select_related("order", "product"), pk=pk)
    form = ElsewhereForm(request.POST)
    if not form.is_valid() or not short.missing_quantity:
        return redirect("planning:order", public_id=short.order.public_id)
    try:
        asked = services.order_elsewhere(
            short, supplier=form.cleaned_data["supplier"], at=now, actor=request.actor
        )
    except DomainError as error:
        return _order_page(request, _order(short.order.public_id), at=now, refusal=str(error))
    messages.success(
        request,
        _("%(product)s: on the draft for %(supplier)s.")
        % {"product": short.product, "supplier": asked.order.supplier},
    )
    return redirect("planning:order", public_id=short.order.public_id)


@login_required
@may_order
@require_POST
def close(request: Request, public_id: UUID) -> HttpResponse:
    """What has not come will not come."""
    return _end(request, public_id, services.close_order)


@login_required
@may_order
@require_POST
def cancel(request: Request, public_id: UUID) -> HttpResponse:
    """Give an order up."""
    return _end(request, public_id, services.cancel_order)


def _end(request: Request, public_id: UUID, command: Any) -> HttpResponse:
    now = clock.now()
    found = _order(public_id)
    form = ActForm(request.POST)
    try:
        command(
            found,
            at=now,
            actor=request.actor,
            request_id=form.cleaned_data["request_id"] if form.is_valid() else uuid4(),
        )
    except DomainError as error:
        return _order_page(request, found, at=now, refusal=str(error))
    return redirect("planning:order", public_id=found.public_id)


# --- What the pages hold --------------------------------------------------------------------------


def _orders_page(
    request: Request,
    *,
    at: datetime,
    supplier: Supplier | None = None,
    order: Order | None = None,
    row: pages.LineRow | None = None,
    refusal: str = "",
    extra: dict[str, Any] | None = None,
    status: int | None = None,
) -> HttpResponse:
    asked = request.GET if request.method in ("GET", "HEAD") else request.POST
    tabs = _tabs(at=at)
    if order is not None:
        supplier, delivery_round = order.supplier, order.delivery_round
    else:
        supplier = supplier or _supplier(tabs, asked.get("supplier"))
        if supplier is None:
            return render(request, "planning/no_supplier.html")
        known = next((tab.next_round for tab in tabs if tab.supplier == supplier), None)
        delivery_round = _round(supplier, asked.get("round"), at=at, known=known)
    drafts = queries.drafts(supplier)
    if order is None:
        wanted = delivery_round.pk if delivery_round else None
        order = next((one for one in reversed(drafts) if one.delivery_round_id == wanted), None)
    for tab in tabs:
        tab.is_current = tab.supplier == supplier
    context: dict[str, Any] = {
        "tabs": tabs,
        "supplier": supplier,
        "delivery_round": delivery_round,
        "cut_off": pages.CutOff(delivery_round.cut_off_at, at) if delivery_round else None,
        "order": order,
        "refusal": refusal,
        "now": at,
        "can_prepare": delivery_round is not None
        or supplier.kind == Supplier.Kind.DIRECT
        or supplier.schedules.exists(),
        "sent": queries.sent_for(supplier, delivery_round),
        "earlier": queries.missed_draft(drafts, order, at=at),
    }
    if order is not None:
        # The draft was fetched for this supplier and this round: no need to ask again.
        order.supplier, order.delivery_round = supplier, delivery_round
        context |= _figures(order, at=at)
        if asked.get("month_end"):
            context |= _month_end(order, at=at)
        context |= _lines(
            request, order, at=at, row=row, show=_show(asked.get("show")),
            figures=context["figures"],
        )  # fmt: skip
    context |= extra or {}
    return render(
        request, "planning/orders.html", context, status=status or (422 if refusal else 200)
    )


def _month_end(order: Order, *, at: datetime) -> dict[str, Any]:
    found = effect.month_end(order, at=at)
    return {"month_end": found, "month_end_effect": pages.signed_euros(found.effect)}


def _lines(
    request: Request,
    order: Order,
    *,
    at: datetime,
    row: pages.LineRow | None,
    show: Show,
    figures: DraftFigures,
) -> dict[str, Any]:
    count = figures.by_show[show]
    last = max(-(-count // PAGE), 1)
    page = min(max(_whole(request.GET.get("page")) or 1, 1), last)
    lines = list(queries.lines_shown(order, show=show)[(page - 1) * PAGE : page * PAGE])
    for one in lines:
        one.order = order
    rows = pages.rows(lines, open_line=_whole(request.GET.get("open")) or None, at=at)
    if row is not None:
        kept = [row if one.line.pk == row.line.pk else one for one in rows]
        rows = kept if row in kept else [row, *kept]
    return _row_words(request, page_address=_address(order, show=show, page=page)) | {
        "rows": rows,
        "reasons": pages.reasons(),
        "show": show,
        "page": page,
        "next_page": _address(order, show=show, page=page + 1) if page < last else "",
        "previous_page": _address(order, show=show, page=page - 1) if page > 1 else "",
        "filters": [
            (_filter_label(one), figures.by_show[one], _address(order, show=one), one == show)
            for one in Show
        ],
    }


def _row_words(request: Request, *, page_address: str) -> dict[str, Any]:
    """What every row repeats, looked up and escaped once."""
    words = {
        "line_base": reverse("planning:line", args=[0])[:-1],
        "token": get_token(request),
        "quantity_label": _("Boxes to order"),
        "validate_label": _("Validate"),
        "why_label": _("why"),
        "page_address": page_address,
    }
    return {name: escape(word) for name, word in words.items()} | {"back": page_address}


def _filter_label(show: Show) -> str:
    return {
        Show.ALL: pgettext("lines", "All"),
        Show.LOOK: pgettext("lines", "To look at"),
        Show.PROMISED: pgettext("lines", "Promised"),
        Show.CHANGED: pgettext("lines", "Changed"),
    }[show]


def _figures(order: Order, *, at: datetime, read: int | None = None) -> dict[str, Any]:
    figures = queries.draft_figures(order)
    return {
        "figures": figures,
        "franco": pages.franco(order, figures.amount),
        "request_id": uuid4(),
        "read": order.version if read is None else read,
        "look_address": _address(order, show=Show.LOOK),
        "promised_address": _address(order, show=Show.PROMISED),
        "all_address": _address(order, show=Show.ALL),
        "order": order,
        "delivery_round": order.delivery_round,
        "cut_off": (
            pages.CutOff(order.delivery_round.cut_off_at, at) if order.delivery_round else None
        ),
    }


def _order_page(
    request: Request,
    order: Order,
    *,
    at: datetime,
    form: AnswerForm | None = None,
    refusal: str = "",
    status: int | None = None,
) -> HttpResponse:
    lines = _asked_lines(order)
    if form is None:
        form = AnswerForm(lines=lines, initial={"request_id": uuid4()})
    short = [one for one in lines if one.missing_quantity]
    context = {
        "order": order,
        "lines": [(one, form[f"line_{one.pk}"]) for one in lines],
        "short": short,
        "others": _others(order, at=at) if short else [],
        "form": form,
        "totals": purchasing.totals(order),
        "received": sum(one.received_quantity for one in lines),
        "events": order.events.order_by("pk"),
        "refusal": refusal,
        "download": "download" in request.GET and order.channel == Order.Channel.FILE,
        "request_id": uuid4(),
    }
    return render(
        request, "planning/order.html", context, status=status or (422 if refusal else 200)
    )


def _asked_lines(order: Order) -> list[OrderLine]:
    lines = order.lines.filter(quantity__gt=0).select_related("product")
    return list(lines.order_by("product__name", "product__strength", "pk"))


def _others(order: Order, *, at: datetime) -> list[tuple[Supplier, DeliveryRound | None]]:
    """The other suppliers that may still be asked, with their next round."""
    rounds = {one.supplier_id: one for one in purchasing.next_rounds(at)}
    return [
        (one, rounds.get(one.pk))
        for one in purchasing.active_suppliers()
        if one.pk != order.supplier_id and (one.pk in rounds or one.kind == Supplier.Kind.DIRECT)
    ]


def _tabs(*, at: datetime) -> list[pages.SupplierTab]:
    rounds = {one.supplier_id: one for one in purchasing.next_rounds(at)}
    return [pages.SupplierTab(one, rounds.get(one.pk)) for one in purchasing.active_suppliers()]


def _supplier(tabs: list[pages.SupplierTab], asked: str | None) -> Supplier | None:
    wanted = _whole(asked)
    for tab in tabs:
        if tab.supplier.pk == wanted:
            return tab.supplier
    return tabs[0].supplier if tabs else None


def _round(
    supplier: Supplier, asked: str | None, *, at: datetime, known: DeliveryRound | None = None
) -> DeliveryRound | None:
    """The round of the address if it is this supplier's, else the next one, maybe ``known``."""
    if wanted := _whole(asked):
        found = DeliveryRound.objects.filter(pk=wanted, supplier=supplier).first()
        if found is not None:
            return found
    return known or purchasing.next_round(supplier, at=at)


def _order(public_id: UUID) -> Order:
    return get_object_or_404(
        Order.objects.select_related("supplier", "delivery_round"), public_id=public_id
    )


def _address(order: Order, *, keep: Any = None, **more: Any) -> str:
    """The page of a draft: supplier, round, filter and page, in the address."""
    asked: dict[str, Any] = {"supplier": order.supplier_id}
    if order.delivery_round_id:
        asked["round"] = order.delivery_round_id
    if keep is not None:
        asked |= {name: keep[name] for name in ("show", "page") if keep.get(name)}
    asked |= {name: value for name, value in more.items() if value not in (Show.ALL, 1)}
    return f"{reverse('planning:orders')}?{urlencode(asked)}"


def _show(text: str | None) -> Show:
    try:
        return Show(text or Show.ALL)
    except ValueError:
        return Show.ALL


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else 0


def _chosen(text: str) -> list[Product]:
    try:
        return list(Product.objects.filter(public_id=UUID(text)))
    except ValueError:
        return []
