"""*Comptoir*: scan to withdraw; what is missing is promised, what is not found is said."""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import F, Prefetch, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from backofficine.catalog.models import Product
from backofficine.catalog.queries import strengths
from backofficine.desk import services
from backofficine.desk.forms import CounterForm, ProductActForm, UndoForm, words_of
from backofficine.desk.scan import Kind, Resolution, search_words
from backofficine.desk.views.scan import answer_to, reader_note, reply, resolved
from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.models import Pharmacy
from backofficine.stock import queries as stock
from backofficine.stock.models import Location, Move, Posting
from backofficine.stock.services import ExpiredLot, HeldLot, Withdrawal, report_not_found
from backofficine.stock.services.demand import undo_withdrawal
from backofficine.team.request import Request

LAST = 12
KEPT = 30  # scans of the basket remembered by the session
SESSION = "counter"
_TIMES = re.compile(r"([0-9]{1,6})\s*\*\s*(.*)", re.DOTALL)


@dataclass(frozen=True)
class Choice:
    """A product that may be meant, and the stock units a patient could be served from now."""

    product: Product
    left: int


@dataclass
class Told:
    """What the page says after an act."""

    tone: str = ""
    text: str = ""
    aside: str = ""
    note: str = ""
    product: Product | None = None
    place: Location | None = None
    left: int | None = None
    choices: list[Choice] = field(default_factory=list)
    code: str = ""
    boxes: int = 1
    request_id: UUID = field(default_factory=uuid4)
    status: int = 200


def _at_the_counter(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only those who dispense, and only where our ledger is the stock."""

    def here(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        shop: Pharmacy = request.pharmacy  # type: ignore[attr-defined]
        if shop.stock_truth != Pharmacy.StockTruth.HERE:
            return render(request, "desk/counter_closed.html", status=404)
        return view(request, *args, **kwargs)

    allowed = permission_required("team.dispense", raise_exception=True)(here)
    return never_cache(login_required(allowed))


@require_http_methods(["GET", "POST"])
@_at_the_counter
def counter(request: Request) -> HttpResponse:
    """Each scan withdraws; anything else leads where it leads everywhere."""
    if request.method == "GET":
        return _show(request, Told())
    form = CounterForm(request.POST)
    if not form.is_valid():
        return _show(
            request, Told("stop", _("This form is not whole. Reload the page"), status=422)
        )
    words = form.cleaned_data
    code, boxes = words["code"], words["boxes"] or 1
    if times := _TIMES.fullmatch(code):
        boxes, code = int(times[1]), times[2]
        if not code:
            return _show(request, _make_it(request, boxes, request_id=words["request_id"]))
    found = resolved(request, code) if code else Resolution(Kind.NOTHING, "")
    product = found.product
    if words["product"]:
        product = get_object_or_404(Product, public_id=words["product"])
    if product is not None and (words["product"] or found.kind in (Kind.PRODUCT, Kind.LOT)):
        told = _withdraw(request, product, found, boxes=boxes, request_id=words["request_id"])
        told.note = reader_note(found)
        return _show(request, told)
    if found.kind is Kind.CASE:
        return _show(request, Told("look", _("Look: this is a carton. Open it and scan one box")))
    if found.is_ambiguous:
        return _show(
            request,
            Told(
                "look", _("Look: several products bear this code. Choose the one in your hand"),
                choices=_choices(found.products), code=code, boxes=boxes,
            ),
        )  # fmt: skip
    if found.kind is Kind.WORDS and (products := search_words(found.text)):
        return _show(
            request,
            Told("look", _("Look: which one is it?"), choices=_choices(products), boxes=boxes),
        )
    answer = answer_to(request, found)
    if answer.url:
        return reply(request, answer)
    return _show(request, Told(answer.tone, answer.text, answer.aside, note=answer.note))


def _choices(products: Iterable[Product]) -> list[Choice]:
    listed = list(products)
    keys = [product.pk for product in listed]
    held = stock.on_hand_by_product(keys, on=timezone.localdate(clock.now())) if keys else {}
    return [Choice(product, held.get(product.pk, 0)) for product in listed]


def _withdraw(
    request: Request, product: Product, found: Resolution, *, boxes: int, request_id: UUID
) -> Told:
    mark = _mark(product, found.serial)
    before = next((one for one in _basket(request) if mark and one[1] == mark), None)
    if before is not None and before[0] != request_id.hex:
        return Told(
            "look", _("Look: this very box is already out. Not counted again"), product=product
        )
    at = clock.now()
    is_pharmacist = request.user.may("move_narcotics")
    is_sure = found.has_sure_lot
    try:
        taken = services.withdraw_box(
            product,
            boxes=boxes,
            lot=found.lot if is_sure else None,
            lot_number=found.lot_number if is_sure else "",
            expires_on=found.expires_on,
            at=at,
            on=timezone.localdate(at),
            actor=request.actor,
            request_id=request_id,
            by_pharmacist=is_pharmacist,
            workstation=request.workstation,
        )
    except (ExpiredLot, HeldLot) as error:
        return Told("stop", str(error), product=product, status=422)
    except DomainError as error:
        return Told("look", str(error), product=product, status=422)
    _remember(request, request_id, mark)
    return _taken(
        product, taken, boxes=boxes, awaits_visa=product.is_narcotic and not is_pharmacist
    )


def _taken(product: Product, taken: Withdrawal, *, boxes: int, awaits_visa: bool) -> Told:
    line = taken.lines[0]
    told = Told(
        "yes",
        ngettext("Out: %(count)s box", "Out: %(count)s boxes", boxes) % {"count": boxes},
        product=product,
        place=Location.objects.get(pk=line.location_id),
        left=stock.on_hand(product),
    )
    if awaits_visa:
        told.tone = "look"
        told.aside = _("narcotic: a pharmacist’s visa is awaited today")
    elif taken.found:
        told.tone = "look"
        told.aside = ngettext(
            "the record did not know %(count)s: it will be counted",
            "the record did not know %(count)s: they will be counted",
            taken.found,
        ) % {"count": taken.found}
    return told


def _make_it(request: Request, boxes: int, *, request_id: UUID) -> Told:
    """``3*`` after a scan: three boxes of it in all."""
    last = next(iter(_last(request)), None)
    moves = list(last.to_patient) if last else []  # type: ignore[attr-defined]
    if not moves or last is None or last.request_id.hex not in {one[0] for one in _basket(request)}:
        return Told("look", _("Look: scan the box first, then type the quantity and *"))
    product = moves[0].lot.product
    out = sum(move.quantity for move in moves) // product.doses_per_box
    if boxes <= out:
        return Told(
            "look", _("Look: already out. To take fewer, undo the last scan"), product=product
        )
    if boxes > services.MOST_BOXES:
        error = services.ImpossibleQuantity(quantity=boxes, most=services.MOST_BOXES)
        return Told("look", str(error), product=product, status=422)
    lot = None if moves[0].is_lot_assumed else moves[0].lot
    found = Resolution(
        Kind.PRODUCT, "", products=(product,), lot=lot, lot_number=lot.number if lot else ""
    )
    return _withdraw(request, product, found, boxes=boxes - out, request_id=request_id)


@require_POST
@_at_the_counter
def search(request: Request) -> HttpResponse:
    """Names as one types them; digits wait for their end."""
    said = words_of(request.POST)
    is_name = len(said) > 1 and any(sign.isalpha() for sign in said)
    told = Told(choices=_choices(search_words(said)) if is_name else [])
    return render(request, "desk/counter.html#choices", {"told": told})


@require_POST
@_at_the_counter
def not_found(request: Request) -> HttpResponse:
    """One tap: it is not where the record says."""
    form = ProductActForm(request.POST)
    if not form.is_valid():
        return _show(
            request, Told("stop", _("This form is not whole. Reload the page"), status=422)
        )
    product = get_object_or_404(Product, public_id=form.cleaned_data["product"])
    report_not_found(
        product,
        at=clock.now(),
        actor=request.actor,
        request_id=form.cleaned_data["request_id"],
        workstation=request.workstation,
    )
    return _show(
        request,
        Told("yes", _("Noted: not found, it will be counted"), product=product,
             left=stock.on_hand(product)),
    )  # fmt: skip


@require_POST
@_at_the_counter
def undo(request: Request) -> HttpResponse:
    """A withdrawal of this workstation comes back, by its mirror."""
    form = UndoForm(request.POST)
    wanted = form.cleaned_data["withdrawal"] if form.is_valid() else None
    posting = next((one for one in _last(request) if one.request_id == wanted), None)
    if posting is None:
        return _show(
            request,
            Told("stop", _("This withdrawal is not of this workstation. Undo it where it was made"),
                 status=422),
        )  # fmt: skip
    at = clock.now()
    try:
        undo_withdrawal(
            posting,
            at=at,
            on=timezone.localdate(at),
            actor=request.actor,
            workstation=request.workstation,
        )
    except DomainError as error:
        return _show(request, Told("stop", str(error), status=422))
    _forget(request, posting.request_id)
    return _show(request, Told("yes", _("Undone: the box is back in stock")))


# What this workstation did last -------------------------------------------------------------------


def _last(request: Request) -> list[Posting]:
    """The last withdrawals of this workstation today; of this session where none is declared."""
    rows = Posting.objects.filter(
        reason=Posting.Reason.WITHDRAWAL, occurred_at__gte=_midnight(clock.now())
    )
    if request.workstation is not None:
        rows = rows.filter(workstation=request.workstation)
    else:
        rows = rows.filter(request_id__in=[UUID(one[0]) for one in _basket(request)])
    to_patient = Move.objects.filter(target__kind=Location.Kind.PATIENT).select_related(
        "lot__product", "source"
    )
    return list(
        rows.filter(reversed_by=None)
        .prefetch_related(Prefetch("moves", to_patient.order_by("line"), to_attr="to_patient"))
        .order_by("-position")[:LAST]
    )


def _midnight(at: datetime) -> datetime:
    """The first instant of the pharmacy's day; its zone is active for the length of a request."""
    return timezone.make_aware(datetime.combine(timezone.localdate(at), time.min))


def _boxes_today(request: Request, at: datetime) -> int:
    moves = Move.objects.filter(
        posting__reason=Posting.Reason.WITHDRAWAL,
        posting__occurred_at__gte=_midnight(at),
        posting__workstation=request.workstation,
        posting__reversed_by=None,
        target__kind=Location.Kind.PATIENT,
    )
    boxes = Sum(F("quantity") / F("lot__product__doses_per_box"))
    return moves.aggregate(total=boxes)["total"] or 0


def _basket(request: Request) -> list[list[str]]:
    """[number of the form, mark of the box] of the last scans of this session."""
    return list(request.session.get(SESSION, []))


def _mark(product: Product, serial: str) -> str:
    """A short mark by which the same box is known again; nothing without a serial number."""
    if not serial:
        return ""
    return hashlib.sha256(f"{product.public_id}/{serial}".encode()).hexdigest()[:12]


def _remember(request: Request, request_id: UUID, mark: str) -> None:
    kept = [one for one in _basket(request) if one[0] != request_id.hex]
    request.session[SESSION] = [*kept, [request_id.hex, mark]][-KEPT:]


def _forget(request: Request, request_id: UUID) -> None:
    request.session[SESSION] = [one for one in _basket(request) if one[0] != request_id.hex]


def _show(request: Request, told: Told) -> HttpResponse:
    at = clock.now()
    product = told.product
    context = {
        "told": told,
        "form": CounterForm(initial={"request_id": uuid4()}),
        "last": _last(request),
        "boxes_today": _boxes_today(request, at) if request.workstation else None,
        "ladder": [one.strength for one in strengths(product)] if product else [],
        "not_found_id": uuid4(),
    }
    template = "desk/counter.html#work" if request.htmx else "desk/counter.html"
    return render(request, template, context, status=told.status)
