"""Writes what is agreed with suppliers: a new term ends the one before, from its first day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import GenericGroup, Product
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy import services as pharmacy
from backofficine.pharmacy.models import Parameter
from backofficine.purchasing.models import (
    Commitment,
    HouseLaboratory,
    Supplier,
    SupplierQuota,
    SupplierTier,
)
from backofficine.purchasing.queries.terms import BUDGET

AnyTerm = TypeVar("AnyTerm", SupplierTier, SupplierQuota, HouseLaboratory)


class TierImpossible(DomainError):
    message = _(
        "A tier begins with one box at least, costs nothing or more, and gives no more free boxes "
        "than it makes pay: correct the line of %(product)s."
    )


class TermDatesWrong(DomainError):
    message = _("The last day is before the first: correct the dates.")


class CommitmentToNobody(DomainError):
    message = _("A commitment is to one supplier or to one laboratory, and promises something.")


class LaboratoryMissing(DomainError):
    message = _("Name the laboratory, as it is written on its boxes.")


class BudgetNegative(DomainError):
    message = _("A budget is an amount of euros, zero or more.")


@dataclass(frozen=True, slots=True)
class TierLine:
    """One tier as agreed. Boxes paid, euros excl. VAT for one, boxes free for each quantity."""

    product: Product
    from_quantity: int
    unit_price: Decimal
    free_units: int = 0

    @property
    def is_possible(self) -> bool:
        return (
            self.from_quantity >= 1
            and self.unit_price >= 0
            and 0 <= self.free_units <= self.from_quantity
        )


@transaction.atomic
def add_tiers(
    supplier: Supplier,
    lines: Iterable[TierLine],
    *,
    valid_from: date,
    valid_until: date | None = None,
) -> int:
    """Write tiers from a day on; how many. Of the same quantity, the newer takes the place.

    :raises TierImpossible, TermDatesWrong: as their words say; then none is written.
    """
    written = 0
    for line in lines:
        if not line.is_possible:
            raise TierImpossible(product=line.product)
        same = SupplierTier.objects.filter(
            supplier=supplier, product=line.product, from_quantity=line.from_quantity
        )
        _make_room(same, valid_from=valid_from, valid_until=valid_until)
        SupplierTier.objects.create(
            supplier=supplier,
            product=line.product,
            from_quantity=line.from_quantity,
            unit_price=line.unit_price,
            free_units=line.free_units,
            valid_from=valid_from,
            valid_until=valid_until,
        )
        written += 1
    return written


@transaction.atomic
def set_quota(
    supplier: Supplier,
    *,
    product: Product,
    boxes_a_month: int,
    valid_from: date,
    valid_until: date | None = None,
) -> SupplierQuota:
    """Say how many boxes a month a supplier sells us, from a day on; 0: none.

    :raises TermDatesWrong: as its words say.
    """
    same = SupplierQuota.objects.filter(supplier=supplier, product=product)
    _make_room(same, valid_from=valid_from, valid_until=valid_until)
    return SupplierQuota.objects.create(
        supplier=supplier,
        product=product,
        boxes_a_month=boxes_a_month,
        valid_from=valid_from,
        valid_until=valid_until,
    )


@transaction.atomic
def set_house(laboratory: str, *, group: GenericGroup | None, valid_from: date) -> HouseLaboratory:
    """Keep the generics of a laboratory from a day on: of one group, or of all that are not named.

    :raises LaboratoryMissing: without a name.
    """
    laboratory = " ".join(laboratory.split())[:300]
    if not laboratory:
        raise LaboratoryMissing
    _make_room(HouseLaboratory.objects.filter(group=group), valid_from=valid_from)
    return HouseLaboratory.objects.create(group=group, laboratory=laboratory, valid_from=valid_from)


def _make_room(
    rows: QuerySet[AnyTerm], *, valid_from: date, valid_until: date | None = None
) -> None:
    """End the term that runs on the first day of a new one; what was to begin later goes."""
    if valid_until is not None and valid_until < valid_from:
        raise TermDatesWrong
    rows.filter(valid_from__gte=valid_from).delete()
    rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=valid_from)).update(
        valid_until=valid_from - timedelta(days=1)
    )


def commit_to(
    *,
    target: int,
    unit: Commitment.Unit,
    first_day: date,
    last_day: date,
    supplier: Supplier | None = None,
    laboratory: str = "",
) -> Commitment:
    """Write a volume promised to a supplier, or to a laboratory whoever delivers it.

    :raises CommitmentToNobody, TermDatesWrong: as their words say.
    """
    laboratory = " ".join(laboratory.split())[:300]
    if (supplier is None) == (not laboratory) or target < 1:
        raise CommitmentToNobody
    if last_day < first_day:
        raise TermDatesWrong
    return Commitment.objects.create(
        supplier=supplier,
        laboratory=laboratory,
        unit=unit,
        target=target,
        first_day=first_day,
        last_day=last_day,
    )


@transaction.atomic
def end_term(term: SupplierTier | SupplierQuota | HouseLaboratory, *, last_day: date) -> None:
    """A term holds until a day, and no more after it; one that would never hold is taken back."""
    if last_day < term.valid_from:
        term.delete()
    else:
        type(term).objects.filter(pk=term.pk).update(valid_until=last_day)


@transaction.atomic
def end_commitment(commitment: Commitment, *, last_day: date) -> None:
    """A commitment ends earlier than agreed; one that would never run is taken back."""
    if last_day < commitment.first_day:
        commitment.delete()
    else:
        Commitment.objects.filter(pk=commitment.pk).update(last_day=last_day)


@transaction.atomic
def set_budget(amount: Decimal, *, valid_from: date, source: str) -> None:
    """Say what may be ordered in a civil month, euros excl. VAT, from a day on.

    :raises BudgetNegative: below zero.
    :raises WrongDates: as ``pharmacy.services.set_parameter``.
    """
    if amount < 0:
        raise BudgetNegative
    if Parameter.objects.filter(key=BUDGET).exists():
        pharmacy.set_parameter(BUDGET, value=str(amount), valid_from=valid_from, source=source)
    else:
        Parameter.objects.create(
            key=BUDGET, value=str(amount), valid_from=valid_from, source=source
        )
