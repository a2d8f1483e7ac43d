"""Dated price cuts: until when boxes bought at the old price may still be sold at it."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from backofficine.catalog.models import Price
from backofficine.pharmacy import queries as pharmacy
from backofficine.pharmacy.models import Pharmacy
from backofficine.pharmacy.queries import UnknownValue

# Until the pharmacy sets its own, dated, under Settings. The maker's price changes on day 0, the
# wholesaler's twenty days later, the pharmacy's after thirty-eight (ninety overseas): agreement
# between the State, makers and pharmacies on the sale of stocks, as the trade press sums it up.
WHOLESALER_DAYS = Decimal(20)
PHARMACY_DAYS = {Pharmacy.Territory.MAINLAND: Decimal(38), Pharmacy.Territory.OVERSEAS: Decimal(90)}


@dataclass(frozen=True, slots=True)
class PriceCut:
    """A public price that goes down, euros without the fee."""

    effective_on: date
    last_sale_on: date
    """Last day on which a box may be sold at the old price."""
    old: Decimal
    new: Decimal


def price_cuts(on: date, *, is_direct: bool = False) -> dict[int, PriceCut]:
    """By product, the cut that makes boxes bought now lose value after its last day.

    Absent once boxes are bought at the new price: from a wholesaler some weeks after the maker's
    day, from the maker (``is_direct``) at once. The first cut to come when there are several. Two
    queries and the dated parameters.
    """
    bought_old = timedelta(days=0 if is_direct else int(_days("price_cut_wholesaler_days", on=on)))
    sold_old = timedelta(days=int(_days("price_cut_days", on=on)))
    ended = Price.objects.filter(
        kind=Price.Kind.PUBLIC, valid_until__gte=on - bought_old
    )  # an old price whose successor is younger than that
    old = {
        (product, until + timedelta(days=1)): amount
        for product, until, amount in ended.values_list("product", "valid_until", "amount")
        if until is not None
    }
    new = (
        Price.objects.filter(
            kind=Price.Kind.PUBLIC,
            product__in=ended.values("product"),
            valid_from__gt=on - bought_old,
        )
        .order_by("valid_from", "pk")
        .values_list("product", "valid_from", "amount")
    )
    cuts: dict[int, PriceCut] = {}
    for product, since, amount in new:
        before = old.get((product, since))
        if before is not None and amount < before and product not in cuts:
            cuts[product] = PriceCut(
                effective_on=since,
                last_sale_on=since + sold_old - timedelta(days=1),
                old=before,
                new=amount,
            )
    return cuts


def _days(key: str, *, on: date) -> Decimal:
    try:
        return pharmacy.number(key, on=on)
    except UnknownValue:
        if key == "price_cut_wholesaler_days":
            return WHOLESALER_DAYS
        here = pharmacy.here()
        territory = here.territory if here else Pharmacy.Territory.MAINLAND
        return PHARMACY_DAYS[Pharmacy.Territory(territory)]
