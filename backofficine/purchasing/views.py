"""Pages of the suppliers: who delivers, on what terms, when, and when not."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.queries import local_day
from backofficine.purchasing import queries, services
from backofficine.purchasing.forms import AddForm, DayForm, EditForm, EndForm, RoundsForm
from backofficine.purchasing.models import Supplier
from backofficine.team.request import Request


@login_required
@permission_required("team.manage_settings", raise_exception=True)
@require_safe
def suppliers(request: Request) -> HttpResponse:
    """Every supplier with its rounds of the week."""
    weekly = queries.weekly_rounds(on=local_day(clock.now()))
    rows = [(one, weekly.get(one.pk, [])) for one in queries.suppliers()]
    context = {"rows": rows, "rounds": sum(len(each.schedules) for _, rs in rows for each in rs)}
    return render(request, "purchasing/suppliers.html", context)


@login_required
@permission_required("team.manage_settings", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add(request: Request) -> HttpResponse:
    """A new supplier, with its first round or its delay."""
    form = AddForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.add_supplier(
                name=form.cleaned_data["name"],
                kind=Supplier.Kind(form.cleaned_data["kind"]),
                rounds=form.rounds,
                terms=form.terms,
                at=clock.now(),
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(supplier)s is known.") % {"supplier": made.name})
            return redirect("purchasing:supplier", made.pk)
    return render(
        request, "purchasing/add.html", {"form": form}, status=422 if form.errors else 200
    )


@login_required
@permission_required("team.manage_settings", raise_exception=True)
@require_http_methods(["GET", "POST"])
def supplier(request: Request, pk: int) -> HttpResponse:
    """One supplier: its terms, its rounds, the days it does not come."""
    found = get_object_or_404(Supplier, pk=pk)
    if request.method != "POST":
        return _page(request, found, at=clock.now())
    form = EditForm(request.POST, supplier=found)
    return _act(
        request, found, form, name="form",
        command=lambda _at: services.change_supplier(
            found, name=form.cleaned_data["name"], terms=form.terms
        ),
    )  # fmt: skip


@login_required
@permission_required("team.manage_settings", raise_exception=True)
@require_POST
def add_rounds(request: Request, pk: int) -> HttpResponse:
    """A weekly round more, from today on."""
    found = get_object_or_404(Supplier, pk=pk)
    form = RoundsForm(request.POST)
    return _act(
        request, found, form, name="rounds_form",
        command=lambda at: services.add_rounds(found, rounds=form.rounds, at=at),
    )  # fmt: skip


@login_required
@permission_required("team.manage_settings", raise_exception=True)
@require_POST
def end_rounds(request: Request, pk: int) -> HttpResponse:
    """Rounds that stop after a day."""
    found = get_object_or_404(Supplier, pk=pk)
    form = EndForm(request.POST, supplier=found)
    return _act(
        request, found, form, name="end_form",
        command=lambda at: services.end_rounds(
            form.cleaned_data["schedules"], last_day=form.cleaned_data["last_day"], at=at
        ),
    )  # fmt: skip


@login_required
@permission_required("team.manage_settings", raise_exception=True)
@require_POST
def cancel_day(request: Request, pk: int) -> HttpResponse:
    """A day on which it does not come."""
    found = get_object_or_404(Supplier, pk=pk)
    form = DayForm(request.POST)
    return _act(
        request, found, form, name="day_form",
        command=lambda at: services.cancel_day(found, day=form.cleaned_data["day"], at=at),
    )  # fmt: skip


@login_required
@permission_required("team.manage_settings", raise_exception=True)
@require_POST
def restore_day(request: Request, pk: int) -> HttpResponse:
    """It comes on that day after all."""
    found = get_object_or_404(Supplier, pk=pk)
    form = DayForm(request.POST)
    return _act(
        request, found, form, name="day_form",
        command=lambda at: services.restore_day(found, day=form.cleaned_data["day"], at=at),
    )  # fmt: skip


def _act(
    request: Request,
    found: Supplier,
    form: BaseForm,
    *,
    name: str,
    command: Callable[[datetime], None],
) -> HttpResponse:
    """Run one command; a refusal is said in the form of that ``name`` on the same page."""
    at = clock.now()
    if form.is_valid():
        try:
            command(at)
        except DomainError as error:
            form.add_error(None, str(error))
            found.refresh_from_db()
        else:
            messages.success(request, _("Kept. The coming rounds follow."))
            return redirect("purchasing:supplier", found.pk)
    return _page(request, found, at=at, **{name: form})


def _page(request: Request, found: Supplier, *, at: datetime, **forms: BaseForm) -> HttpResponse:
    today = local_day(at)
    context = {
        "supplier": found,
        "is_wholesaler": found.kind == Supplier.Kind.WHOLESALER,
        "today": today,
        "weekly": queries.weekly_rounds(on=today).get(found.pk, []),
        "coming": queries.coming_rounds(found, at=at)[:6],
        "cancelled": found.exceptions.filter(
            occurs_on__gte=today, schedule=None, is_cancelled=True
        ).order_by("occurs_on", "pk"),
        "form": EditForm(supplier=found),
        "rounds_form": RoundsForm(),
        "day_form": DayForm(),
        "has_errors": bool(forms),
        **forms,
    }
    return render(request, "purchasing/supplier.html", context, status=422 if forms else 200)
