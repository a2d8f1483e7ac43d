"""What a proposal must know of each product, and why some are never ordered by themselves."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backofficine.catalog.models import Product
from backofficine.pharmacy import queries as pharmacy
from backofficine.pharmacy.queries import UnknownValue
from backofficine.planning.guards import guard_of_product
from backofficine.planning.queries import NOTHING_STANDS, Standing
from backofficine.planning.why import Blocked, Guard
from backofficine.purchasing.models import Supplier, SupplierPrice

# Until the pharmacy sets its own, dated, under Settings.
EXPENSIVE_FROM = Decimal(100)  # euros excl. VAT, one box


@dataclass(frozen=True, slots=True)
class Fact:
    """What the rule must know of a product. ``unit_cost`` in euros excl. VAT, one stock unit."""

    pk: int
    cip13: str
    case_size: int
    doses_per_box: int
    storage: str
    legal_status: str
    is_narcotic_like: bool
    state: str
    availability: str
    unit_cost: Decimal | None
    is_emergency: bool
    successor_id: int | None
    is_major_interest: bool

    @property
    def case_units(self) -> int:
        return self.case_size * self.doses_per_box

    @property
    def blocked(self) -> Blocked:
        if self.successor_id is not None:
            return Blocked.SUCCESSOR
        if self.state != Product.State.MARKETED or (
            self.availability == Product.Availability.STOPPED
        ):
            return Blocked.STOPPED
        if self.availability == Product.Availability.SHORTAGE:
            return Blocked.SHORTAGE
        return Blocked.NONE


def facts_of(supplier: Supplier) -> dict[int, Fact]:
    """The products that this supplier may be asked for, by primary key."""
    products = Product.objects.filter(is_followed=True)
    if supplier.kind == Supplier.Kind.DIRECT:
        priced = SupplierPrice.objects.filter(supplier=supplier).values("product")
        products = products.filter(pk__in=priced)
    elif not _is_asked_for_all(supplier):
        return {}
    rows = products.order_by("pk").values_list(
        "pk", "cip13", "case_size", "doses_per_box", "storage", "legal_status",
        "is_narcotic_like", "state", "availability", "unit_cost", "is_emergency", "successor_id",
        "is_major_interest",
    )  # fmt: skip
    return {row[0]: Fact(*row) for row in rows}


def _is_asked_for_all(supplier: Supplier) -> bool:
    """One wholesaler is asked for everything: the main one, or the only one."""
    others = Supplier.objects.filter(kind=Supplier.Kind.WHOLESALER, is_active=True)
    return supplier.is_main or not others.exclude(pk=supplier.pk).exists()


def replacements(facts: dict[int, Fact]) -> dict[int, int]:
    """Dead code → the living one that replaces it, however many codes lie between."""
    found = {}
    for product, fact in facts.items():
        if fact.successor_id is None:
            continue
        seen, living = {product}, fact.successor_id
        while living in facts and facts[living].successor_id is not None and living not in seen:
            seen.add(living)
            living = facts[living].successor_id or living
        found[product] = living
    return found


def value_of(key: str, default: Decimal, *, at: datetime) -> Decimal:
    """A dated number of the pharmacy, or what the house assumes."""
    try:
        return pharmacy.number(key, on=pharmacy.local_day(at))
    except UnknownValue:
        return default


def guard_of(fact: Fact, stands: Standing = NOTHING_STANDS, *, dear: Decimal) -> Guard:
    """Why this product is never ordered by itself; ``dear`` in euros excl. VAT, one box."""
    if stands.is_never:
        return Guard.NEVER
    if stands.snoozed_until is not None:
        return Guard.SNOOZED
    if stands.is_on_promise:
        return Guard.ON_PROMISE
    return guard_of_product(fact, dear=dear)


def code_of(fact: Fact, facts: dict[int, Fact]) -> str:
    living = facts.get(replacements(facts).get(fact.pk, 0))
    return living.cip13 if living else ""
