"""Products not found where the record says they are."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from backofficine.losses.loss import Fact, FactKind, Loss, Step, Waste
from backofficine.losses.rules.base import Period, Rule, columns_of
from backofficine.losses.rules.stock_error import errors_of
from backofficine.losses.tariffs import TariffBook
from backofficine.pharmacy.queries import local_day
from backofficine.stock.models import NotFound
from backofficine.team.models import Workstation

SUFFERED_AT = {
    Workstation.Post.RECEIVING: Step.RECEIVE,
    Workstation.Post.BACK_OFFICE: Step.STOCK,
}


class ProductNotFound(Rule):
    """One tap on *introuvable*: the minutes of a search.

    When the record of that product turns out wrong the same day, the search is part of that stock
    error and is not counted again: one event, one loss. Nothing proves who misplaced the box.
    """

    key = "not_found"
    label = _("Products not found")
    counts = _("the minutes of one search")
    tariff = "minutes_not_found"
    waste = Waste.MOTION
    sufferer = Step.COUNTER

    def losses(self, period: Period, book: TariffBook) -> Iterable[Loss]:
        inside = {(error.product.pk, error.day) for error in errors_of(period)}
        reports = (
            NotFound.objects.filter(reported_at__gte=period.start, reported_at__lt=period.end)
            .select_related("product", "location", "workstation")
            .only(
                "request_id",
                "reported_at",
                "expected",
                "location__code",
                "location__kind",
                "workstation__post",
                *columns_of("product"),
            )
            .order_by("reported_at", "pk")
        )
        for report in reports:
            day = period.day_of(report.reported_at)
            if (report.product_id, day) in inside:
                continue
            post = report.workstation.post if report.workstation else ""
            yield self.price(
                book,
                key=f"{report.request_id}",
                at=report.reported_at,
                day=day,
                product=report.product,
                quantity=report.expected,
                sufferer=SUFFERED_AT.get(Workstation.Post(post)) if post else None,
                proof=(
                    Fact(
                        FactKind.NOT_FOUND,
                        f"{report.pk}",
                        report.reported_at,
                        _("Tapped “not found”; the record said it was there"),
                        location=report.location,
                        quantity=report.expected,
                    ),
                ),
            )

    def day_of(self, key: str) -> date | None:
        try:
            request_id = UUID(key)
        except ValueError:
            return None
        at = (
            NotFound.objects.filter(request_id=request_id)
            .values_list("reported_at", flat=True)
            .first()
        )
        return local_day(at) if at else None
