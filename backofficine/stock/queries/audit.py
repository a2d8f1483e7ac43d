"""``check-ledger``: replay every fact, compare every balance, verify every seal."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import transaction

from backofficine.kernel.money import to_units
from backofficine.stock.chain import GENESIS, SealedLine, seal
from backofficine.stock.models import Balance, ChainHead, Location, Lot, Move, Posting

CHUNK = 5_000


@dataclass(frozen=True)
class LedgerReport:
    """What the audit read, and the first thing that does not add up."""

    postings: int
    moves: int
    balances: int
    head: str
    divergence: dict[str, Any] | None

    @property
    def is_sound(self) -> bool:
        return self.divergence is None

    def as_dict(self) -> dict[str, Any]:
        return {"ok": self.is_sound, **asdict(self)}


def replayed_balances() -> Counter[tuple[int, int]]:
    """Stock units by (lot, location), from the moves alone."""
    held = set(Location.objects.filter(holds_stock=True).values_list("pk", flat=True))
    totals: Counter[tuple[int, int]] = Counter()
    rows = Move.objects.order_by("pk").values_list("lot_id", "source_id", "target_id", "quantity")
    for lot, source, target, quantity in rows.iterator(chunk_size=CHUNK):
        if source in held:
            totals[lot, source] -= quantity
        if target in held:
            totals[lot, target] += quantity
    return totals


def audit(*, progress: Callable[[int, int], None] | None = None) -> LedgerReport:
    """Read the whole ledger in the order of its positions and stop at the first divergence.

    ``progress`` is told how many postings were read, and how many there are. The shop may work
    meanwhile: what it posted during the reading is read last, and the balances compared, while the
    head of the chain is held still.
    """
    reading = _Reading()
    last = ChainHead.objects.get(pk=1).position
    divergence = reading.go_on(until=last, progress=progress)
    if divergence is None:
        with transaction.atomic():
            head = ChainHead.objects.select_for_update().get(pk=1)
            divergence = reading.go_on()
            if divergence is None and (head.position, head.hash) != (
                reading.position,
                reading.previous,
            ):
                divergence = {"kind": "wrong_head", "position": head.position}
            if divergence is None:
                divergence = _first_wrong_balance(
                    reading.totals, reading.counted, reading.lots, reading.places
                )
    return LedgerReport(
        postings=reading.counted["postings"],
        moves=reading.counted["moves"],
        balances=reading.counted["balances"],
        head=reading.previous,
        divergence=divergence,
    )


@dataclass
class _Reading:
    """How far the ledger was read: the last good seal, its position, what the moves add up to."""

    counted: Counter[str] = field(default_factory=Counter)
    totals: Counter[tuple[int, int]] = field(default_factory=Counter)
    lots: dict[int, UUID] = field(default_factory=dict)
    places: dict[int, UUID] = field(default_factory=dict)
    previous: str = GENESIS
    position: int = 0

    def go_on(
        self,
        *,
        until: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[str, Any] | None:
        """Read the postings that follow, up to a position; the first divergence, if there is one.

        Lots and places are read again first: those of the postings that follow are then known.
        """
        self.lots = dict(Lot.objects.values_list("pk", "public_id"))
        self.places = dict(Location.objects.values_list("pk", "public_id"))
        held = set(Location.objects.filter(holds_stock=True).values_list("pk", flat=True))
        for posting, lines in _postings(after=self.position, until=until):
            self.counted["postings"] += 1
            self.counted["moves"] += len(lines)
            expected = self.position + 1
            where = {"position": posting["position"], "request_id": str(posting["request_id"])}
            if posting["position"] != expected:
                return {"kind": "missing_posting", "expected_position": expected, **where}
            if posting["previous_hash"] != self.previous:
                return {"kind": "broken_chain", **where}
            if self._seal(posting, lines) != posting["hash"]:
                return {"kind": "altered_posting", **where}
            self.previous, self.position = posting["hash"], expected
            for line in lines:
                if line["source_id"] in held:
                    self.totals[line["lot_id"], line["source_id"]] -= line["quantity"]
                if line["target_id"] in held:
                    self.totals[line["lot_id"], line["target_id"]] += line["quantity"]
            if progress and until and expected % CHUNK == 0:
                progress(expected, until)
        return None

    def _seal(self, posting: Any, lines: list[Any]) -> str:
        return seal(
            self.previous,
            position=posting["position"],
            request_id=posting["request_id"],
            reason=posting["reason"],
            cause=posting["cause"],
            occurred_at=posting["occurred_at"],
            recorded_at=posting["recorded_at"],
            actor=posting["actor__number"],
            workstation=posting["workstation__number"],
            reverses=posting["reverses__request_id"],
            lines=[
                SealedLine(
                    self.lots[line["lot_id"]],
                    self.places[line["source_id"]],
                    self.places[line["target_id"]],
                    line["quantity"],
                    to_units(line["unit_cost"]),
                )
                for line in lines
            ],
        )


def _first_wrong_balance(
    totals: Counter[tuple[int, int]],
    counted: Counter[str],
    lots: dict[int, UUID],
    places: dict[int, UUID],
) -> dict[str, Any] | None:
    seen = set()
    rows = Balance.objects.order_by("lot_id", "location_id").values_list(
        "lot_id", "location_id", "on_hand"
    )
    for lot, place, on_hand in rows.iterator(chunk_size=CHUNK):
        counted["balances"] += 1
        seen.add((lot, place))
        if totals[lot, place] != on_hand:
            return _wrong_balance(lots[lot], places[place], on_hand, totals[lot, place])
    for (lot, place), total in sorted(totals.items()):
        if total and (lot, place) not in seen:
            return _wrong_balance(lots[lot], places[place], 0, total)
    return None


def _wrong_balance(lot: UUID, place: UUID, stored: int, replayed: int) -> dict[str, Any]:
    return {
        "kind": "wrong_balance",
        "lot": str(lot),
        "location": str(place),
        "stored": stored,
        "replayed": replayed,
    }


def _postings(*, after: int, until: int | None) -> Iterator[tuple[Any, list[Any]]]:
    """Each posting with its moves: two ordered streams read side by side.

    Between two positions, ``after`` excluded; to the end if ``until`` is ``None``.
    """
    bounds = {"position__gt": after} | ({"position__lte": until} if until is not None else {})
    postings = Posting.objects.filter(**bounds).order_by("position").values(
        "pk", "position", "request_id", "reason", "cause", "occurred_at", "recorded_at",
        "actor__number", "workstation__number", "reverses__request_id", "previous_hash", "hash",
    )  # fmt: skip
    within = {f"posting__{bound}": position for bound, position in bounds.items()}
    moves = (
        Move.objects.filter(**within)
        .order_by("posting__position", "line")
        .values("posting_id", "lot_id", "source_id", "target_id", "quantity", "unit_cost")
    )
    grouped = groupby(moves.iterator(chunk_size=CHUNK), key=lambda move: move["posting_id"])
    waiting: tuple[int, list[Any]] | None = None
    for posting in postings.iterator(chunk_size=CHUNK):
        if waiting is None:
            following = next(grouped, None)
            waiting = (following[0], list(following[1])) if following else None
        if waiting is not None and waiting[0] == posting["pk"]:
            yield posting, waiting[1]
            waiting = None
        else:
            # Its moves are gone: the seal will say so.
            yield posting, []
