"""Which slot a bag goes to: one for the visit, in the fridge for what is cold."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product, Storage
from backofficine.kernel.errors import DomainError
from backofficine.kernel.prepared import Prepared
from backofficine.promises.models import Promise
from backofficine.stock.models import Location
from backofficine.stock.services import in_turn


class NoSlot(DomainError):
    message = _("No promise slot suits this product. Add one to the plan of the shop.")


# Promise slots hang under the place that keeps them: a fridge, a safe, or any other branch.
_KEPT_BY = {Storage.FRIDGE: Location.Kind.FRIDGE, Storage.SAFE: Location.Kind.SAFE}


def _keeper(product: Product) -> str:
    if product.is_narcotic:
        return Location.Kind.SAFE
    return _KEPT_BY.get(Storage(product.storage), "")


def _emptiest_first(where: Q) -> QuerySet[Location]:
    bags = Count("promises", filter=Q(promises__closed_at__isnull=True))
    slots = Location.objects.filter(where, kind=Location.Kind.PROMISE_SLOT, is_active=True)
    return slots.annotate(bags=bags).order_by("bags", "walk_order", "pk")[:1]


def _slot_of(key: Any) -> QuerySet[Promise, tuple[int | None]]:
    return Promise.objects.filter(pk=key).values_list("slot_id")


def _lines_beside(bundle: Any, key: Any) -> QuerySet[Promise]:
    return (
        Promise.objects.filter(bundle=bundle, closed_at=None, slot__isnull=False)
        .exclude(pk=key)
        .select_related("product", "slot")
        .order_by("pk")
    )


_SLOT_OF = Prepared(_slot_of, int)
_BESIDE = Prepared(_lines_beside, UUID, int)
_FREE_KEPT_BY = Prepared(lambda keeper: _emptiest_first(Q(parent__kind=keeper)), str)
_FREE_ELSEWHERE = Prepared(
    lambda: _emptiest_first(Q(parent__isnull=True) | ~Q(parent__kind__in=list(_KEPT_BY.values())))
)


@transaction.atomic
def reserve_slot(promise: Promise) -> Location:
    """The slot of a promise, kept for it from now on.

    Lines of one visit share a slot. Otherwise this will take the first free slot of the right
    kind; when all are taken, the one with fewest bags, since the slip tells bags apart. A narcotic
    stays in the safe.

    :raises NoSlot: if the plan of the shop has no slot of that kind.
    """
    if promise.slot is not None:
        return promise.slot
    in_turn()
    row = _SLOT_OF.first(promise.pk)
    promise.slot_id = row[0] if row else None
    if promise.slot is not None:
        return promise.slot
    slot = _shared(promise) or _free(promise.product)
    Promise.objects.filter(pk=promise.pk).update(slot=slot)
    promise.slot = slot
    return slot


def _shared(promise: Promise) -> Location | None:
    beside = _BESIDE.all(promise.bundle, promise.pk)
    keeper = _keeper(promise.product)
    return next((line.slot for line in beside if _keeper(line.product) == keeper), None)


def _free(product: Product) -> Location:
    keeper = _keeper(product)
    slot = _FREE_KEPT_BY.first(keeper) if keeper else _FREE_ELSEWHERE.first()
    if slot is None and keeper == Location.Kind.SAFE:
        safes = Location.objects.filter(kind=keeper, is_active=True)
        slot = safes.order_by("walk_order", "pk").first()
    if slot is None:
        raise NoSlot
    return slot
