"""The places no officine works without, made once for a new pharmacy."""

from django.db import transaction

from backofficine.stock.models import Location

# Kind, address, order in the walk: what is served comes first, the dock and quarantine last.
_PLACES = (
    (Location.Kind.FRIDGE, "FRIGO", 10),
    (Location.Kind.SAFE, "COFFRE", 20),
    (Location.Kind.SHELF, "RAYON", 100),
    (Location.Kind.DOCK, "QUAI", 90_000),
    (Location.Kind.QUARANTINE, "QUARANTAINE", 90_010),
)
PROMISE_SLOTS, COLD_SLOTS = 24, 4


@transaction.atomic
def furnish() -> int:
    """Make one place of each kind that is missing, and slots for promises; how many were made.

    A dock, a quarantine, a fridge, a safe, a shelf, 24 slots, and 4 in the fridge: enough to
    receive, put away and promise on the first day. Doing it again makes nothing.
    """
    made = 0
    for kind, code, walk_order in _PLACES:
        if not Location.objects.filter(kind=kind).exists():
            _make(kind, code, walk_order=walk_order)
            made += 1
    if not Location.objects.filter(kind=Location.Kind.PROMISE_SLOT).exists():
        fridge = Location.objects.filter(kind=Location.Kind.FRIDGE).order_by("pk")[0]
        for number in range(1, PROMISE_SLOTS + 1):
            _make(Location.Kind.PROMISE_SLOT, f"CASIER-{number:02d}", walk_order=number)
        for number in range(1, COLD_SLOTS + 1):
            _make(
                Location.Kind.PROMISE_SLOT, f"FRIGO-P{number}", walk_order=number, parent=fridge
            )  # fmt: skip
        made += PROMISE_SLOTS + COLD_SLOTS
    return made


def _make(
    kind: Location.Kind, code: str, *, walk_order: int, parent: Location | None = None
) -> Location:
    taken = Location.objects.filter(code__iexact=code).exists()
    return Location.objects.create(
        kind=kind,
        code=f"{code} 2" if taken else code,
        holds_stock=True,
        walk_order=walk_order,
        parent=parent,
    )
