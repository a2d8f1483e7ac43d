"""Acting on the stock: not found, counted, taken out, undone."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from backofficine.catalog.models import Product
from backofficine.catalog.queries import find_by_code, search
from backofficine.formats.gs1 import Reading, ReadingKind, read
from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.queries import local_day
from backofficine.stock import queries, services
from backofficine.stock.forms import CountForm, RequestForm, TakeOutForm
from backofficine.stock.models import Location, Lot, Posting
from backofficine.stock.services.take_out import NarcoticNeedsPharmacist
from backofficine.team.request import Request

FOUND = 8


def _back(request: HttpRequest, product: Product) -> str:
    """The page an act was asked from, if it is one of ours."""
    asked = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()})
    return asked if asked and safe else product.get_absolute_url()


@login_required
@permission_required("team.put_away", raise_exception=True)
@require_POST
def not_found(request: Request, public_id: UUID) -> HttpResponse:
    """*Introuvable*, in one tap: the product goes on the count list, and nothing else moves."""
    product = get_object_or_404(Product, public_id=public_id)
    form = RequestForm(request.POST)
    if form.is_valid():
        services.report_not_found(
            product,
            at=clock.now(),
            actor=request.actor,
            request_id=form.cleaned_data["request_id"],
            workstation=request.workstation,
        )
        messages.success(
            request,
            _("Noted: %(product)s is not at its address. It is on the count list.")
            % {"product": product},
        )
    return redirect(_back(request, product))


@login_required
@permission_required("team.count_stock", raise_exception=True)
@require_http_methods(["GET", "POST"])
def count(request: Request, public_id: UUID) -> HttpResponse:
    """A blind count of one product in one place."""
    product = get_object_or_404(Product, public_id=public_id)
    places = queries.places_of(product)
    form = CountForm(
        request.POST or None,
        places=places,
        unit=_("Doses counted") if product.is_divisible else _("Boxes counted"),
        initial={"request_id": uuid4(), "location": request.GET.get("place") or _key(places)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            if product.is_narcotic and not request.user.may("move_narcotics"):
                raise NarcoticNeedsPharmacist
            line = services.count(
                product,
                location=form.cleaned_data["location"],
                counted=form.cleaned_data["counted"],
                at=clock.now(),
                actor=request.actor,
                request_id=form.cleaned_data["request_id"],
                workstation=request.workstation,
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _told(line.counted - line.recorded))
            return redirect(product)
    context = {"product": product, "form": form, "places": places}
    return render(request, "stock/count.html", context, status=422 if form.errors else 200)


def _key(places: list[Location]) -> UUID | None:
    return places[0].public_id if places else None


def _told(difference: int) -> str:
    if difference == 0:
        return _("Counted: exactly what was recorded.")
    if difference > 0:
        return ngettext(
            "Counted: %(n)d more than recorded. The stock is corrected.",
            "Counted: %(n)d more than recorded. The stock is corrected.",
            difference,
        ) % {"n": difference}
    return ngettext(
        "Counted: %(n)d missing. The stock is corrected.",
        "Counted: %(n)d missing. The stock is corrected.",
        -difference,
    ) % {"n": -difference}


# Taking out ---------------------------------------------------------------------------------------


@login_required
@permission_required("team.write_off", raise_exception=True)
@require_http_methods(["GET", "POST"])
def take_out(request: Request) -> HttpResponse:
    """*Sortir*: scan or find the box, say why; it goes to waste or to quarantine.

    ``?code=`` is what was scanned or typed, ``?product=`` and ``?lot=`` what was chosen on a page.
    """
    now = clock.now()
    reading = _reading(request.GET.get("code", ""))
    product, found = _product(request, reading)
    context: dict[str, Any] = {
        "product": product,
        "found": found,
        "code": request.GET.get("code", ""),
        "is_unknown": bool(request.GET.get("code", "").strip()) and product is None and not found,
    }
    if product is None:
        return render(request, "stock/take_out.html", context)
    lots = queries.lots_held(product)
    form = TakeOutForm(
        request.POST or None,
        lots=lots,
        unit=_("Doses") if product.is_divisible else _("Boxes"),
        initial=_initial(request, product, lots, reading),
    )
    context["form"] = form
    context["today"] = local_day(now)
    if request.method == "POST" and form.is_valid():
        try:
            posting = _take_out(request, product, form)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                _("Out: %(quantity)d × %(product)s.")
                % {"quantity": form.cleaned_data["quantity"], "product": product},
                extra_tags=reverse("stock:undo", args=[posting.request_id]),
            )
            return redirect("stock:take_out")
    return render(request, "stock/take_out.html", context, status=422 if form.errors else 200)


def _take_out(request: Request, product: Product, form: TakeOutForm) -> Posting:
    told = form.cleaned_data
    now = clock.now()
    return services.take_out(
        form.lot
        or services.lot_of(product, number=told["number"].strip(), expires_on=told["expires_on"]),
        quantity=told["quantity"],
        cause=told["cause"],
        occurred_at=now,
        recorded_at=now,
        actor=request.actor,
        request_id=told["request_id"],
        by_pharmacist=request.user.may("move_narcotics"),
        to_quarantine=told["destination"] == Location.Kind.QUARANTINE,
        workstation=request.workstation,
    )


def _reading(code: str) -> Reading | None:
    return read(code, today=local_day(clock.now())) if code.strip() else None


def _product(request: HttpRequest, reading: Reading | None) -> tuple[Product | None, list[Product]]:
    """The product meant, else those that may be."""
    chosen = request.GET.get("product", "")
    if chosen:
        try:
            return get_object_or_404(Product, public_id=UUID(chosen)), []
        except ValueError:
            return None, []
    if reading is None:
        return None, []
    found = find_by_code(reading.code) if reading.code else []
    if len(found) == 1:
        return found[0], []
    if not found and reading.kind in {ReadingKind.TEXT, ReadingKind.PRODUCT_CODE}:
        found = search(reading.text, limit=FOUND)
    return None, found


def _initial(
    request: HttpRequest, product: Product, lots: list[Lot], reading: Reading | None
) -> dict[str, Any]:
    """The lot in the hand if it was scanned, the first to expire otherwise."""
    today = local_day(clock.now())
    initial: dict[str, Any] = {"request_id": uuid4(), "quantity": 1}
    lot = next((one for one in lots if str(one.public_id) == request.GET.get("lot")), None)
    if reading is not None and (reading.lot or reading.expires_on):
        lot = next(
            (
                one for one in lots
                if one.number == reading.lot and reading.expires_on in (None, one.expires_on)
            ),
            None,
        )  # fmt: skip
        initial |= {"number": reading.lot, "expires_on": reading.expires_on}
        initial["lot_choice"] = TakeOutForm.OTHER
        if reading.expires_on and reading.expires_on < today:
            initial["cause"] = Posting.Cause.EXPIRED
    elif lot is None and lots:
        lot = lots[0]
    if lot is not None:
        initial["lot_choice"] = str(lot.public_id)
        if lot.is_expired(on=today):
            initial["cause"] = Posting.Cause.EXPIRED
    initial.setdefault("lot_choice", TakeOutForm.OTHER)
    return initial


UNDOABLE = {Posting.Reason.WRITE_OFF, Posting.Reason.QUARANTINE}


@login_required
@permission_required("team.write_off", raise_exception=True)
@require_POST
def undo(request: Request, request_id: UUID) -> HttpResponse:
    """The mirror of a box taken out, the same day."""
    posting = get_object_or_404(Posting, request_id=request_id, reason__in=UNDOABLE)
    now = clock.now()
    product = posting.moves.select_related("lot__product").order_by("line")[0].lot.product
    try:
        if product.is_narcotic and not request.user.may("move_narcotics"):
            raise NarcoticNeedsPharmacist
        if local_day(posting.occurred_at) != local_day(now):
            raise TooLate
        services.reverse(
            posting,
            occurred_at=now,
            recorded_at=now,
            actor=request.actor,
            workstation=request.workstation,
        )
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Undone: %(product)s is back.") % {"product": product})
    return redirect(product)


class TooLate(DomainError):
    message = gettext_lazy("Only an act of today is undone. Count the place instead.")
