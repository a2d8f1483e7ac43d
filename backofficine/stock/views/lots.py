"""A lot held or given back, and the name behind a posting."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backofficine.kernel import clock
from backofficine.stock import services
from backofficine.stock.models import Lot, LotHold, Posting
from backofficine.team.forms import OpenNameForm
from backofficine.team.models import Actor
from backofficine.team.request import Request
from backofficine.team.services import open_name


@login_required
@permission_required("team.hold_lots", raise_exception=True)
@require_POST
def hold_lot(request: Request, public_id: UUID) -> HttpResponse:
    """Recalled, or in doubt: no box of this lot reaches a patient any more."""
    lot = get_object_or_404(Lot.objects.select_related("product"), public_id=public_id)
    kind = request.POST.get("kind", "")
    if kind in LotHold.Kind.values:
        services.hold_lot(lot, kind=LotHold.Kind(kind), at=clock.now(), actor=request.actor)
        messages.success(
            request, _("Lot %(lot)s is held: no box of it can be served.") % {"lot": lot}
        )
    return redirect(lot.product.get_absolute_url())


@login_required
@permission_required("team.hold_lots", raise_exception=True)
@require_POST
def lift_hold(request: Request, public_id: UUID) -> HttpResponse:
    """The lot is good: it can be served again."""
    lot = get_object_or_404(Lot.objects.select_related("product"), public_id=public_id)
    if services.lift_hold(lot, at=clock.now()):
        messages.success(request, _("Lot %(lot)s can be served again.") % {"lot": lot})
    return redirect(lot.product.get_absolute_url())


@login_required
@permission_required("team.open_names", raise_exception=True)
@require_http_methods(["GET", "POST"])
def who(request: Request, position: int) -> HttpResponse:
    """The name behind one posting, for a reason that is logged; the person is told."""
    posting = get_object_or_404(
        Posting.objects.select_related("actor"),
        position=position,
        actor__kind=Actor.Kind.PERSON,
    )
    form = OpenNameForm(request.POST or None)
    name = ""
    if request.method == "POST" and form.is_valid():
        name = open_name(
            posting.actor,
            fact_kind="posting",
            fact_number=str(posting.position),
            reason=form.cleaned_data["reason"],
            opened_by=request.actor,
            at=clock.now(),
        )
    context = {"form": form, "name": name, "fact_number": posting.position}
    status = 422 if form.errors else 200
    return render(request, "team/open_name.html", context, status=status)
