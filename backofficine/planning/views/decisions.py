"""Pages of standing decisions: what proposals obey, a new decision, the end of one."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from backofficine.catalog import queries as catalog
from backofficine.catalog.models import Product
from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.queries import local_day
from backofficine.planning import queries, services
from backofficine.planning.forms import DecideForm, EndDecisionForm, SeasonForm
from backofficine.planning.models import Decision
from backofficine.planning.views.orders import CANDIDATES, may_order
from backofficine.team.request import Request


@login_required
@may_order
@require_safe
def decisions(request: Request) -> HttpResponse:
    """What stands; with a product in the address, what may be decided of it."""
    asked = request.GET.get("q", "").strip()[:80]
    product = _product(request.GET.get("product", ""))
    candidates: list[Product] = []
    if asked:
        found = catalog.find_by_code(asked) or catalog.search(asked, limit=CANDIDATES)
        product = found[0] if len(found) == 1 else product
        candidates = found if len(found) != 1 else []
    return _page(request, product=product, asked=asked, candidates=candidates)


@login_required
@may_order
@require_POST
def decide(request: Request) -> HttpResponse:
    """Write a decision, then go back to where it was taken."""
    is_season = request.POST.get("kind") == Decision.Kind.SEASONAL
    form = SeasonForm(request.POST) if is_season else DecideForm(request.POST)
    if form.is_valid():
        data = dict(form.cleaned_data)
        try:
            services.decide(data.pop("product"), at=clock.now(), actor=request.actor, **data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Decided: the next proposal obeys it."))
            return redirect(_back(request))
    product = _product(request.POST.get("product", ""))
    return _page(request, product=product, refused=form, status=422)


@login_required
@may_order
@require_POST
def end_decision(request: Request) -> HttpResponse:
    """Decision ended: the product is proposed as before."""
    form = EndDecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, refusal=_("This decision is not known. Read the list again."))
    data = form.cleaned_data
    given = {"at": clock.now(), "actor": request.actor, "request_id": data["request_id"]}
    try:
        if data["decision"] is not None:
            services.end_decision(data["decision"], **given)
        else:
            services.keep_again(data["product"], **given)
    except DomainError as error:
        return _page(request, refusal=str(error))
    messages.success(request, _("Ended: the product is proposed as before."))
    return redirect(_back(request))


def _page(
    request: Request,
    *,
    product: Product | None = None,
    asked: str = "",
    candidates: list[Product] | None = None,
    refused: DecideForm | None = None,
    refusal: str = "",
    status: int | None = None,
) -> HttpResponse:
    today = local_day(clock.now())
    listed = queries.decisions_listed(today)
    context: dict[str, Any] = {
        "product": product,
        "listed": listed,
        "standing": [one for one in listed if product is not None and one.product == product],
        "asked": asked,
        "candidates": candidates or [],
        "nothing": bool(asked and not candidates and product is None),
        "refusal": refusal,
        "request_id": uuid4(),
        "back": _back(request),
        "has_errors": bool(refusal or refused),
    }
    if product is not None:
        first = {"product": product.public_id}
        context["form"] = DecideForm(initial=first | {"request_id": uuid4()})
        context["season_form"] = SeasonForm(
            initial=first | {"request_id": uuid4(), "first_day": today}, auto_id="season_%s"
        )
        if refused is not None:
            context["season_form" if isinstance(refused, SeasonForm) else "form"] = refused
    is_part = request.htmx and product is not None
    template = "planning/decisions.html#decide" if is_part else "planning/decisions.html"
    return render(request, template, context, status=status or (422 if refusal else 200))


def _product(text: str) -> Product | None:
    try:
        return Product.objects.filter(public_id=UUID(text)).first()
    except ValueError:
        return None


def _back(request: Request) -> str:
    """Where the person came from, if that is a page of this house."""
    asked = request.POST.get("back") or request.GET.get("back") or ""
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()})
    return asked if safe else reverse("planning:decisions")
