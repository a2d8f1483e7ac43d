"""Pages of the pharmacy itself: the first run, the settings, the tariffs and their signatures."""

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy import queries, services
from backofficine.pharmacy.forms import (
    ClosedDayForm,
    PharmacyForm,
    TariffForm,
    ValueForm,
)
from backofficine.pharmacy.models import ClosedDay, OpeningHours, Parameter, Tariff
from backofficine.team.request import Request


@login_required
@permission_required("team.manage_settings", raise_exception=True)
@require_http_methods(["GET", "POST"])
def settings(request: Request) -> HttpResponse:
    """Identity, hours, closed days, tariffs and parameters, each with its source."""
    found = queries.pharmacy()
    form = PharmacyForm(request.POST if "identity" in request.POST else None, instance=found)
    day_form = ClosedDayForm(request.POST if "closed" in request.POST else None)
    if request.method == "POST":
        if "identity" in request.POST and form.is_valid():
            form.save()
            messages.success(request, _("Kept."))
            return redirect("pharmacy:settings")
        if "closed" in request.POST and day_form.is_valid():
            ClosedDay.objects.get_or_create(
                closed_on=day_form.cleaned_data["closed_on"],
                defaults={"reason": day_form.cleaned_data["reason"]},
            )
            return redirect("pharmacy:settings")
    today = queries.local_day(clock.now())
    has_errors = bool(form.errors or day_form.errors)
    return render(
        request,
        "pharmacy/settings.html",
        {
            "form": form,
            "day_form": day_form,
            "hours": OpeningHours.objects.order_by("weekday", "opens_at"),
            "closed": ClosedDay.objects.filter(closed_on__gte=today).order_by("closed_on")[:12],
            "tariffs": queries.tariffs(on=today),
            "parameters": queries.parameters(on=today),
        },
        status=422 if has_errors else 200,
    )


@login_required
@permission_required("team.sign_tariffs", raise_exception=True)
@require_http_methods(["GET", "POST"])
def tariff(request: Request, key: str) -> HttpResponse:
    """One tariff: its present value, its past ones, and a new one to sign."""
    today = queries.local_day(clock.now())
    present = queries.labelled_tariff(key, on=today)
    if present is None:
        raise Http404
    initial = {"value": queries.plain(present.row.amount), "valid_from": today}
    form = TariffForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data
        try:
            amount = Decimal(words["value"].replace(",", ".").replace("\u202f", "").strip())
            if not 0 <= amount < 10_000:
                raise InvalidOperation
            services.set_tariff(
                key,
                amount=amount.quantize(Decimal("0.0001")),
                valid_from=words["valid_from"],
                source=words["source"],
                signed_by=request.actor if words["sign"] else None,
                is_measured=words["is_measured"],
                at=clock.now(),
            )
        except InvalidOperation:
            form.add_error("value", _("Type a number between 0 and 10 000, such as 2,5."))
        except DomainError as error:
            form.add_error("valid_from", str(error))
        else:
            messages.success(request, _("The new value holds from that day on; losses follow."))
            return redirect("pharmacy:settings")
    context = {
        "form": form,
        "tariff": present,
        "past": Tariff.objects.filter(key=key).order_by("-valid_from", "-pk"),
    }
    return render(request, "pharmacy/tariff.html", context, status=422 if form.errors else 200)


@login_required
@permission_required("team.manage_settings", raise_exception=True)
@require_http_methods(["GET", "POST"])
def parameter(request: Request, key: str) -> HttpResponse:
    """One parameter: its present value, its past ones, and a new one."""
    today = queries.local_day(clock.now())
    present = queries.labelled_parameter(key, on=today)
    if present is None:
        raise Http404
    form = ValueForm(
        request.POST or None, initial={"value": present.row.value, "valid_from": today}
    )
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data
        try:
            services.set_parameter(
                key,
                value=words["value"],
                valid_from=words["valid_from"],
                source=words["source"],
            )
        except DomainError as error:
            form.add_error("valid_from", str(error))
        else:
            messages.success(request, _("The new value holds from that day on."))
            return redirect("pharmacy:settings")
    context = {
        "form": form,
        "parameter": present,
        "past": Parameter.objects.filter(key=key).order_by("-valid_from", "-pk"),
    }
    return render(request, "pharmacy/parameter.html", context, status=422 if form.errors else 200)
