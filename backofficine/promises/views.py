"""Pages of the promises: the board, a new one, one of them, its slip. Names only behind a POST."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backofficine.catalog.models import Product
from backofficine.catalog.queries import search
from backofficine.kernel import clock, vault
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy import queries as pharmacy
from backofficine.pharmacy.models import Pharmacy
from backofficine.promises import identity, pages, queries, services
from backofficine.promises.forms import (
    ContactForm,
    FindForm,
    GuardForm,
    HandOverForm,
    NewRoundForm,
    PromiseForm,
    RequestForm,
    SetAsideForm,
    TellForm,
    bundle_of,
)
from backofficine.promises.models import NEXT, Promise, PromiseIdentity, Status
from backofficine.promises.slip import slip_code
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing.models import DeliveryRound
from backofficine.stock import queries as stock
from backofficine.stock.models import Balance, Location
from backofficine.team.request import Request

SHOWN = ("ready", "awaited", "late")
ROUNDS = 6
EVENTS = 100
WEEK_LINES = 200
FOUND = 8


def _with_promise(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only those who serve patients; a name is never for a shared cache."""
    allowed = permission_required("team.promise", raise_exception=True)(view)
    return never_cache(login_required(allowed))


def _promise(public_id: UUID) -> Promise:
    return get_object_or_404(
        Promise.objects.select_related(
            "product", "slot__parent", "identity", "delivery_round__supplier",
            "order_line__order__delivery_round", "order_line__order__supplier",
        ),
        public_id=public_id,
    )  # fmt: skip


# The board ----------------------------------------------------------------------------------------


@require_safe
@_with_promise
def board(request: Request) -> HttpResponse:
    """Every open promise in its lane; on a phone, the bags ready to hand over."""
    return render(request, "promises/board.html", _board_context(request))


def _board_context(request: Request) -> dict[str, Any]:
    shown = request.GET.get("show", "")
    shown = shown if shown in SHOWN else SHOWN[0]
    lane = request.GET.get("lane", "")
    lane = lane if lane in set(queries.LaneName) else ""
    seen = queries.board(clock.now())
    ready, awaited = seen.ready, seen.awaited
    lists = {
        "ready": ready,
        "awaited": awaited,
        "late": seen.lane(queries.LaneName.LATE).cards,
    }
    # Lanes at the desk, a list on the phone: the same cards, whose words are made once.
    words = pages.faces(card for one in seen.lanes for card in one.cards)
    return {
        "board": seen,
        "show": shown,
        "ready": len(ready),
        "awaited": len(awaited),
        "lanes": [
            (one, [words[card.promise.pk] for card in one.cards])
            for one in seen.lanes
            if lane in ("", one.name)
        ],
        "phone_cards": [words[card.promise.pk] for card in lists[shown]],
        "lane": lane,
    }


@require_POST
@_with_promise
def find(request: Request) -> HttpResponse:
    """What the patient says → their promises. A POST: a name never enters an address or a log."""
    form = FindForm(request.POST)
    said = form.cleaned_data["said"].strip() if form.is_valid() else ""
    at = clock.now()
    found = queries.find(said, limit=FOUND) if said else []
    rules = queries.rules_at(at)
    context = {
        "said": said,
        "cards": [queries.card_of(promise, at=at, rules=rules) for promise in found],
    }
    if request.htmx:
        return render(request, "promises/found.html#found", context)
    return render(request, "promises/found.html", context)


@require_safe
@_with_promise
def week(request: Request) -> HttpResponse:
    """The promises behind the week's two figures."""
    at = clock.now()
    is_stock = request.GET.get("list") == "wrong_stock"
    rows = queries.week_wrong_stock(at) if is_stock else queries.week_missed(at)
    promises = rows.select_related("product", "slot", "identity").order_by("-created_at", "-pk")
    lines = [(promise, identity.initials_of(promise)) for promise in promises[:WEEK_LINES]]
    return render(request, "promises/week.html", {"lines": lines, "is_stock": is_stock})


# A new promise ------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@_with_promise
def create(request: Request) -> HttpResponse:
    """Promise a product; the guard speaks first."""
    at = clock.now()
    product = _product(request.GET.get("product", ""))
    bundle = bundle_of(request.GET.get("bundle", ""))
    if product is None:
        return render(request, "promises/create.html", _choice_context(request, bundle=bundle))
    form = PromiseForm(request.POST or None, initial={"request_id": uuid4(), "bundle": bundle})
    if request.method == "POST" and form.is_valid():
        try:
            made = _make(request, product, form)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            if made is None:
                messages.success(request, _("Served from stock, nothing is owed."))
                return redirect("promises:board")
            return redirect("promises:detail", made.public_id)
    context = {
        **_board_context(request),
        "form": form,
        "product": product,
        "guard": queries.guard(
            product,
            at=at,
            name=form.data.get("name", "") if form.is_bound else "",
            phone=form.data.get("phone", "") if form.is_bound else "",
        ),
        "promised": _promised(at),
        "may_serve": _may_serve(request),
    }
    return render(request, "promises/create.html", context, status=422 if form.errors else 200)


def _choice_context(request: Request, *, bundle: UUID | None) -> dict[str, Any]:
    said = request.GET.get("q", "").strip()[:80]
    return {
        **_board_context(request),
        "said": said,
        "products": search(said, limit=FOUND) if said else [],
        "bundle": bundle,
    }


def _product(text: str) -> Product | None:
    key = bundle_of(text)
    return get_object_or_404(Product, public_id=key) if key else None


def _promised(at: Any) -> dict[str, Any]:
    """The hour to say, and the round it leans on."""
    supplier = purchasing.main_supplier()
    delivery_round = purchasing.next_round(supplier, at=at) if supplier else None
    if delivery_round is None:
        return {}
    said = purchasing.promised_instant(delivery_round)
    return {
        "at": said,
        "is_today": pharmacy.local_day(said) == pharmacy.local_day(at),
        "delivery_round": delivery_round,
    }


def _may_serve(request: Request) -> bool:
    shop: Pharmacy = request.pharmacy  # type: ignore[attr-defined]
    return request.user.may("dispense") and shop.stock_truth == Pharmacy.StockTruth.HERE


def _make(request: Request, product: Product, form: PromiseForm) -> Promise | None:
    words = dict(form.cleaned_data)
    quantity = words.pop("quantity")
    bundle = words["bundle"]
    if bundle and not words["name"].strip():
        words["name"], words["phone"] = _same_visit(bundle)
    shared = {
        **words, "at": clock.now(), "actor": request.actor, "workstation": request.workstation,
    }  # fmt: skip
    if request.POST.get("act") != "serve":
        return services.promise(product, quantity=quantity, **shared)
    if not _may_serve(request):
        raise PermissionDenied
    _served, owed = services.serve_and_promise(
        product, wanted=quantity, by_pharmacist=request.user.may("move_narcotics"), **shared
    )
    return owed


def _same_visit(bundle: UUID) -> tuple[str, str]:
    """Who the other lines of the visit are for, carried over without being shown."""
    who = PromiseIdentity.objects.filter(promise__bundle=bundle).order_by("pk").first()
    if who is None:
        raise services.UnreadableName
    return identity.name_of(who), identity.phone_of(who)


@require_POST
@_with_promise
def guard(request: Request, product_id: UUID) -> HttpResponse:
    """Ask the guard again once a name or a phone is typed."""
    product = get_object_or_404(Product, public_id=product_id)
    form = GuardForm(request.POST)
    words = form.cleaned_data if form.is_valid() else {}
    seen = queries.guard(product, at=clock.now(), **words)
    return render(request, "promises/create.html#guard", {"guard": seen, "product": product})


# One promise --------------------------------------------------------------------------------------


@require_safe
@_with_promise
def detail(request: Request, public_id: UUID) -> HttpResponse:
    """One promise: where it is, what can be done now, what happened."""
    return _detail(request, _promise(public_id))


def _detail(
    request: Request, promise: Promise, *, error: str = "", status: int = 200, **more: Any
) -> HttpResponse:
    at = clock.now()
    allowed = NEXT[Status(promise.status)]
    is_waited = promise.status in (Status.TO_ORDER, Status.ORDERED, Status.ARRIVED)
    beside = (
        Promise.objects.filter(bundle=promise.bundle)
        .exclude(pk=promise.pk)
        .select_related("product", "slot__parent")
        .order_by("number")
    )
    context = {
        "promise": promise,
        "card": None if promise.is_closed else queries.card_of(promise, at=at),
        "initials": identity.initials_of(promise),
        "slot": queries.shown_slot(promise.slot),
        "beside": beside[:FOUND],
        "events": promise.events.order_by("-pk")[:EVENTS],
        "boxes": _boxes(promise, at=at),
        "rounds": _rounds(promise, at=at) if is_waited else (),
        "can_cancel": Status.CANCELLED in allowed,
        "is_abandoned": promise.is_abandoned,
        "can_hand_over": promise.status in (Status.IN_SLOT, Status.TOLD),
        "can_tell": Status.TOLD in allowed,
        "can_credit": promise.is_billed and not promise.credited_at and promise.due_quantity > 0,
        "contact_form": ContactForm(),
        "hand_over_form": HandOverForm(
            initial={"request_id": uuid4(), "quantity": promise.aside_quantity}
        ),
        "request_form": RequestForm(initial={"request_id": uuid4()}),
        "error": error,
        **more,
    }  # fmt: skip
    return render(request, "promises/detail.html", context, status=status)


def _boxes(promise: Promise, *, at: Any) -> list[Balance]:
    """Where boxes for it are, the bench first; none once nothing is missing."""
    if promise.is_closed or promise.is_abandoned or not promise.missing_quantity:
        return []
    balances = list(stock.servable(promise.product, on=pharmacy.local_day(at))[:FOUND])
    return sorted(balances, key=lambda each: each.location.kind != Location.Kind.DOCK)


def _rounds(promise: Promise, *, at: Any) -> list[DeliveryRound]:
    supplier = (
        promise.delivery_round.supplier if promise.delivery_round else purchasing.main_supplier()
    )
    return list(purchasing.coming_rounds(supplier, at=at)[:ROUNDS]) if supplier else []


@require_POST
@_with_promise
def contact(request: Request, public_id: UUID) -> HttpResponse:
    """Open who is waited for. The answer is the page itself: nothing is kept, the act is logged."""
    promise = _promise(public_id)
    form = ContactForm(request.POST)
    if not form.is_valid():
        return _detail(request, promise, error=_("Say why you open this contact."), status=422)
    try:
        opened = services.open_contact(
            promise,
            at=clock.now(),
            actor=request.actor,
            workstation=request.workstation,
            reason=form.cleaned_data["reason"],
        )
    except vault.Erased as error:
        return _detail(request, promise, error=str(error), status=422)
    return _detail(request, promise, contact=opened)


@require_safe
@_with_promise
def slip(request: Request, public_id: UUID) -> HttpResponse:
    """The slip of the bag: slot, number, initials, and a code that says the number alone."""
    promise = _promise(public_id)
    context = {
        "promise": promise,
        "initials": identity.initials_of(promise),
        "slot": queries.shown_slot(promise.slot),
        "code": slip_code(promise),
    }
    return render(request, "promises/slip.html", context)


# Acts ---------------------------------------------------------------------------------------------


def _act(
    request: Request, public_id: UUID, form: RequestForm, command: Callable[..., Any], said: str
) -> HttpResponse:
    """Run one command on one promise; a refusal heads the page again."""
    promise = _promise(public_id)
    if not form.is_valid():
        text = " ".join(str(text) for texts in form.errors.values() for text in texts)
        return _detail(request, promise, error=text, status=422)
    try:
        command(
            promise,
            **form.cleaned_data,
            at=clock.now(),
            actor=request.actor,
            workstation=request.workstation,
        )
    except DomainError as error:
        return _detail(request, _promise(public_id), error=str(error), status=422)
    messages.success(request, said % {"number": promise.number})
    return redirect("promises:detail", promise.public_id)


@require_POST
@_with_promise
def hand_over(request: Request, public_id: UUID) -> HttpResponse:
    """Second gesture: the bag is given."""

    def command(promise: Promise, **words: Any) -> None:
        services.hand_over(promise, by_pharmacist=_is_pharmacist(request), **words)

    return _act(
        request, public_id, HandOverForm(request.POST), command,
        _("Promise no. %(number)s: handed over."),
    )  # fmt: skip


@require_POST
@_with_promise
def set_aside(request: Request, public_id: UUID) -> HttpResponse:
    """A box taken from a place goes to the patient's slot."""

    def command(promise: Promise, *, balance: int, **words: Any) -> None:
        box = get_object_or_404(
            Balance.objects.select_related("lot__product", "location"),
            pk=balance,
            lot__product=promise.product,
            # Never from quarantine, nor from the bag of somebody else.
            location__kind__in=Location.SERVING,
        )
        services.set_aside(
            promise, lot=box.lot, source=box.location, by_pharmacist=_is_pharmacist(request),
            **words,
        )  # fmt: skip

    return _act(
        request, public_id, SetAsideForm(request.POST), command,
        _("Promise no. %(number)s: set aside, put the slip on the bag."),
    )  # fmt: skip


def _is_pharmacist(request: Request) -> bool:
    return request.user.may("move_narcotics")


@require_POST
@_with_promise
def tell(request: Request, public_id: UUID) -> HttpResponse:
    """The patient was told."""
    return _act(
        request, public_id, TellForm(request.POST), services.tell,
        _("Promise no. %(number)s: patient told."),
    )  # fmt: skip


@require_POST
@_with_promise
def promise_again(request: Request, public_id: UUID) -> HttpResponse:
    """Another hour, for another round."""

    def command(promise: Promise, *, delivery_round: int, **words: Any) -> None:
        chosen = get_object_or_404(
            DeliveryRound.objects.select_related("supplier"), pk=delivery_round, is_cancelled=False
        )
        services.promise_again(promise, delivery_round=chosen, **words)

    return _act(
        request, public_id, NewRoundForm(request.POST), command,
        _("Promise no. %(number)s: tell the patient the new hour."),
    )  # fmt: skip


@require_POST
@_with_promise
def cancel(request: Request, public_id: UUID) -> HttpResponse:
    """Nothing is owed any more."""
    return _act(
        request, public_id, RequestForm(request.POST), services.cancel,
        _("Promise no. %(number)s: cancelled."),
    )  # fmt: skip


@require_POST
@_with_promise
def abandon(request: Request, public_id: UUID) -> HttpResponse:
    """The patient will not come."""
    return _act(
        request, public_id, RequestForm(request.POST), services.abandon,
        _("Promise no. %(number)s: not collected, put the boxes back."),
    )  # fmt: skip


@require_POST
@_with_promise
def restock(request: Request, public_id: UUID) -> HttpResponse:
    """The boxes go back where the product lives."""

    def command(promise: Promise, **words: Any) -> None:
        services.restock(promise, by_pharmacist=_is_pharmacist(request), **words)

    return _act(
        request, public_id, RequestForm(request.POST), command,
        _("Promise no. %(number)s: boxes back in stock."),
    )  # fmt: skip


@require_POST
@_with_promise
def return_to_supplier(request: Request, public_id: UUID) -> HttpResponse:
    """The boxes go back to the supplier."""

    def command(promise: Promise, **words: Any) -> None:
        services.return_to_supplier(promise, by_pharmacist=_is_pharmacist(request), **words)

    return _act(
        request, public_id, RequestForm(request.POST), command,
        _("Promise no. %(number)s: boxes returned to the supplier."),
    )  # fmt: skip


@require_POST
@_with_promise
def unset(request: Request, public_id: UUID) -> HttpResponse:
    """The bag is not in its slot."""

    def command(promise: Promise, **words: Any) -> None:
        services.unset(promise, by_pharmacist=_is_pharmacist(request), **words)

    return _act(
        request, public_id, RequestForm(request.POST), command,
        _("Promise no. %(number)s: not in its slot, to order again."),
    )  # fmt: skip


@require_POST
@_with_promise
def credit(request: Request, public_id: UUID) -> HttpResponse:
    """What was billed and not collected is credited."""

    def command(promise: Promise, *, request_id: UUID, **words: Any) -> None:
        services.credit(promise, **words)

    return _act(
        request, public_id, RequestForm(request.POST), command,
        _("Promise no. %(number)s: credited."),
    )  # fmt: skip
