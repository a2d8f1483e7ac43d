"""The page of a double order: what is there already, and the word of a pharmacist."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from backofficine.catalog.models import Product
from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.queries import local_day
from backofficine.planning import doubles as words
from backofficine.planning import services
from backofficine.planning.forms import AllowDoubleForm
from backofficine.planning.queries.doubles import Double, doubles_among, doubles_of
from backofficine.planning.views.orders import may_order
from backofficine.purchasing.models import Order, OrderLine
from backofficine.team.request import Request

PHARMACIST = "move_narcotics"  # the right that only pharmacists hold


@dataclass(frozen=True)
class DoubleRow:
    """One product as the page shows it; without a line when it was about to be added."""

    double: Double
    line: OrderLine | None
    form: AllowDoubleForm

    @property
    def there(self) -> str:
        return words.what_is_there(self.double)

    @property
    def needed(self) -> str:
        return words.who_waits(self.double)


@login_required
@may_order
@require_safe
def doubles(request: Request, public_id: UUID) -> HttpResponse:
    """What this order would bring twice; with a product in the address, if it were added."""
    return _page(request, _order(public_id), asked=request.GET.get("product", ""))


@login_required
@may_order
@require_POST
def allow_double(request: Request, public_id: UUID) -> HttpResponse:
    """A pharmacist wants it all the same, and says why."""
    order = _order(public_id)
    form = AllowDoubleForm(request.POST)
    if form.is_valid():
        try:
            services.allow_double(
                order,
                by_pharmacist=request.user.may(PHARMACIST),
                at=clock.now(),
                actor=request.actor,
                **form.cleaned_data,
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Allowed, with its reason. Send the order again."))
            return redirect("planning:order", public_id=order.public_id)
    return _page(request, order, asked=request.POST.get("product", ""), refused=form)


def _page(
    request: Request, order: Order, *, asked: str, refused: AllowDoubleForm | None = None
) -> HttpResponse:
    today = local_day(clock.now())
    lines = {line.product_id: line for line in order.lines.select_related("product")}
    found = doubles_of(order, on=today) if order.is_draft else []
    added = _product(asked)
    if added is not None and added.pk not in lines and order.is_draft:
        found += doubles_among(order, [(added, 1, 0)], on=today)
    rows = [
        DoubleRow(
            one,
            lines.get(one.product.pk),
            refused
            if refused is not None and str(one.product.public_id) == asked
            else AllowDoubleForm(
                initial={
                    "product": one.product.public_id,
                    "boxes": one.boxes,
                    "request_id": uuid4(),
                },
                auto_id=f"double_{one.product.pk}_%s",
            ),
        )
        for one in found
    ]
    context = {
        "order": order,
        "rows": rows,
        "refused": refused,
        "is_pharmacist": request.user.may(PHARMACIST),
    }
    return render(request, "planning/doubles.html", context, status=422 if refused else 200)


def _order(public_id: UUID) -> Order:
    return get_object_or_404(
        Order.objects.select_related("supplier", "delivery_round"), public_id=public_id
    )


def _product(text: str) -> Product | None:
    try:
        return Product.objects.filter(public_id=UUID(text)).first()
    except ValueError:
        return None
