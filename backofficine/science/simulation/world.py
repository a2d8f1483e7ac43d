"""What the outside world answers when it is asked: is it filled, which lot, who comes back.

Orders depend on the stock record, and the record on orders, so these answers cannot be listed in
advance. Each is a fixed function of the seed and of what is asked: the same question always gets
the same answer, in whatever order questions come.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from backofficine.science.simulation.assortment import InventedProduct
from backofficine.science.simulation.mishaps import Mishaps
from backofficine.science.simulation.profiles import (
    OPENING_HOURS,
    PARIS,
    at_local,
    is_open,
    next_open_day,
)
from backofficine.science.simulation.seeds import chance, mixed, part_number

# Days: what the slowest products add to the life of a batch at the supplier, and the longest life.
_SLOW_TURN, _LONGEST_TURN = 70, 150

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class GapKind(StrEnum):
    MISSING = "missing"
    EXTRA = "extra"
    SUBSTITUTED = "substituted"
    DAMAGED = "damaged"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class ReceivingGap:
    """How one received line differs from its delivery note."""

    kind: GapKind
    boxes: int
    """Boxes missing, extra, substituted or damaged; 0 for a price gap."""
    instead: int | None
    """Product received in place of the right one, when substituted."""
    price_factor: float
    """Invoiced price over the agreed one; 1 but for a price gap."""


@dataclass(frozen=True, slots=True)
class InventedLot:
    number: str
    expires_on: date


@dataclass(frozen=True, slots=True)
class OpeningLot:
    """Boxes of one lot on the shelf before the first day."""

    number: str
    expires_on: date
    boxes: int


class World:
    """The answers of one world. All methods are pure."""

    def __init__(
        self,
        assortment: Sequence[InventedProduct],
        *,
        mishaps: Mishaps | None = None,
        seed: int,
    ) -> None:
        self._assortment = assortment
        self._mishaps = mishaps or Mishaps()
        self._seed = seed

    # --- the wholesaler ---

    def is_short(self, product: int, *, day: date) -> bool:
        """Whether makers cannot supply this product at this time."""
        if self._assortment[product].boxes_per_open_day > self._mishaps.spared_above:
            return False
        length = self._mishaps.shortage_days
        phase = mixed(self._seed, _PHASE, product) % length
        spell = (day.toordinal() + phase) // length
        return chance(self._seed, _SHORTAGE, product, spell) < self._mishaps.shortage_share

    def boxes_filled(self, product: int, *, asked: int, day: date, supplier: int = 0) -> int:
        """Boxes of a line the wholesaler serves: all, half (quota) or none.

        Two rounds of one day get the same answer: what is out at noon is out at night.
        """
        has = self._mishaps.fill_rate if supplier == 0 else self._mishaps.second_fill_rate
        if self.is_short(product, day=day):
            has = self._mishaps.filled_in_shortage
        draw = chance(self._seed, _FILL, product, day.toordinal(), supplier)
        if draw < has:
            return asked
        # One refusal in four is a quota: half of what was asked, rounded down.
        return asked // 2 if (draw - has) < (1 - has) / 4 else 0

    def lot_for(self, product: int, *, day: date, supplier: int = 0) -> InventedLot:
        """The batch a supplier ships on this day: the same one for some weeks, then the next."""
        about = self._assortment[product]
        # A slow product is re-made rarely: 20 to 150 days on one batch.
        turn = 20 + mixed(self._seed, _TURN, product) % 60
        turn += _SLOW_TURN if about.boxes_per_open_day < 0.1 else 0
        phase = mixed(self._seed, _PHASE, product, supplier) % turn
        batch = (day.toordinal() + phase) // turn
        begun = date.fromordinal(batch * turn - phase)
        return self._batch(product, batch=batch, supplier=supplier, begun=begun)

    def _batch(self, product: int, *, batch: int, supplier: int, begun: date) -> InventedLot:
        about = self._assortment[product]
        number = mixed(self._seed, _LOT, product, batch, supplier)
        life = about.shelf_life_days
        if chance(self._seed, _SHORT_DATED, product, batch, supplier) < self._mishaps.short_dated:
            # Counted from the first shipment: still valid at the last one of the batch.
            left = _LONGEST_TURN + number % 30
        else:
            # A batch reaches the shop with 60 to 92 % of its life (assumed).
            left = round(life * (0.60 + 0.32 * chance(self._seed, _LIFE, product, batch)))
        return InventedLot(
            number=f"{_ALPHABET[10 + number % 24]}{number // 24 % 100_000:05d}",
            expires_on=_month_end(begun + timedelta(days=left)),
        )

    def serial(self, product: int, *, number: int) -> str:
        """The serial of the n-th box of a product that enters the shop: 12 characters."""
        bits = mixed(self._seed, _SERIAL, product, number)
        digits = []
        for _ in range(12):
            bits, digit = divmod(bits, len(_ALPHABET))
            digits.append(_ALPHABET[digit])
        return "".join(digits)

    def receiving_gap(
        self, product: int, *, boxes: int, day: date, supplier: int = 0
    ) -> ReceivingGap | None:
        """What is wrong with a received line of ``boxes`` boxes; usually nothing."""
        key = (product, day.toordinal(), supplier)
        if chance(self._seed, _GAP, *key) >= self._mishaps.gap_per_line:
            return None
        draw = chance(self._seed, _GAP_KIND, *key)
        name = self._mishaps.gap_kinds[-1][0]
        for candidate, weight in self._mishaps.gap_kinds:
            if draw < weight:
                name = candidate
                break
            draw -= weight
        kind = GapKind(name)
        instead = self._look_alike(product) if kind is GapKind.SUBSTITUTED else None
        if kind is GapKind.SUBSTITUTED and instead is None:
            kind = GapKind.MISSING
        wrong = 0 if kind is GapKind.PRICE else 1 + mixed(self._seed, _GAP_SIZE, *key) % boxes
        factor = 1 + 0.02 + 0.1 * chance(self._seed, _GAP_SIZE, *key)
        return ReceivingGap(
            kind=kind,
            boxes=wrong,
            instead=instead,
            price_factor=round(factor, 3) if kind is GapKind.PRICE else 1.0,
        )

    def _look_alike(self, product: int) -> int | None:
        """Another box of the same substance and laboratory: the strength next to it."""
        about = self._assortment[product]
        if not about.substance:
            return None
        for other in self._assortment:
            same = (other.substance, other.laboratory) == (about.substance, about.laboratory)
            if same and other.index != product and other.strength != about.strength:
                return other.index
        return None

    # --- patients ---

    def pickup_at(self, key: int, *, ready_at: datetime) -> datetime | None:
        """When the patient comes for a promise ready since ``ready_at``; None for never.

        ``key`` is any whole number of the promise that a second run would give again.
        """
        delay = self.pickup_delay_hours(key)
        if delay is None:
            return None
        return _inside_opening_hours(
            ready_at + timedelta(hours=delay), spread=chance(self._seed, _PICKUP_HOUR, key)
        )

    def pickup_delay_hours(self, key: int) -> float | None:
        """Hours from ready to collected, before opening hours are looked at; None for never."""
        mishaps = self._mishaps
        draw = chance(self._seed, _PICKUP, key)
        if draw < mishaps.never_collected:
            return None
        draw = (draw - mishaps.never_collected) / (1 - mishaps.never_collected)
        later = chance(self._seed, _PICKUP_LATER, key)
        if draw < mishaps.collected_same_day:
            return 0.5 + 4.5 * later
        return 12 - 24 * mishaps.collect_days * math.log(1 - later)

    def is_told(self, key: int) -> bool:
        """Whether somebody tells the patient that the promise is ready."""
        return chance(self._seed, _TOLD, key) < self._mishaps.told

    # --- the shop itself ---

    def misses_round(self, supplier: int, *, cut_off_at: datetime) -> bool:
        """Whether the order is sent too late for this round."""
        minutes = int(cut_off_at.timestamp()) // 60
        return chance(self._seed, _MISSED, supplier, minutes) < self._mishaps.round_missed

    def counted(self, product: int, *, present: int, day: date) -> int:
        """What a person counts when ``present`` boxes are there."""
        draw = chance(self._seed, _COUNT, product, day.toordinal())
        if draw >= self._mishaps.counting_error:
            return present
        return max(present + (1 if draw < self._mishaps.counting_error / 2 else -1), 0)

    def opening_lots(self, product: int, *, day: date) -> list[OpeningLot]:
        """The stock of a product when the past begins, in one or two lots, oldest date first.

        About five weeks of sales for frequent products and one or two boxes of slow ones, as the
        sector's 45 days of purchases (domain § 8.1) share out; some of the rarest stayed from
        another year. Some boxes expire during the period: that is how losses begin.
        """
        about = self._assortment[product]
        boxes = self._opening_boxes(product)
        if boxes == 0:
            return []
        older = date.fromordinal(day.toordinal() - 20 - mixed(self._seed, _OLDER, product) % 120)
        first = self.lot_for(product, day=older)
        slow = about.boxes_per_year < 6
        if slow and chance(self._seed, _OLD_STOCK, product) < 0.12:
            # Stock nobody looked at: it expires within a year of today, or already has.
            left = round(-20 + 380 * chance(self._seed, _OLD_LEFT, product))
            first = InventedLot(first.number, _month_end(day + timedelta(days=left)))
        second = self.lot_for(product, day=day - timedelta(days=1))
        if boxes < 4 or first.number == second.number:
            return [OpeningLot(first.number, first.expires_on, boxes)]
        early = boxes // 3
        lots = [
            OpeningLot(first.number, first.expires_on, early),
            OpeningLot(second.number, second.expires_on, boxes - early),
        ]
        return sorted(lots, key=lambda lot: lot.expires_on)

    def _opening_boxes(self, product: int) -> int:
        about = self._assortment[product]
        draw = chance(self._seed, _OPENING, product)
        yearly = about.boxes_per_year
        if about.public_price > 150:
            return 1 if draw < 0.2 else 0
        if yearly < 2:
            return 1 if draw < 0.45 else 0
        mean = about.boxes_per_open_day * (14 + 14 * draw) + 1
        return max(1, round(mean))


def _inside_opening_hours(moment: datetime, *, spread: float) -> datetime:
    """The moment itself if the shop is open, else some time into its next opening."""
    local = moment.astimezone(PARIS)
    day = local.date()
    if not is_open(day):
        day = next_open_day(day)
    while True:
        for opens, closes in OPENING_HOURS[day.weekday()]:
            start, end = at_local(day, opens), at_local(day, closes)
            if start <= moment < end:
                return moment
            if moment < start:
                return start + (end - start) * spread
        day = next_open_day(day)


def _month_end(day: date) -> date:
    """The last day of its month: printed expiry dates usually name a month."""
    first_of_next = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first_of_next - timedelta(days=1)


_PHASE = part_number("phase")
_SHORTAGE = part_number("shortage")
_FILL = part_number("fill")
_TURN = part_number("turn")
_LOT = part_number("lot")
_SHORT_DATED = part_number("short dated")
_LIFE = part_number("life")
_SERIAL = part_number("serial")
_GAP = part_number("gap")
_GAP_KIND = part_number("gap kind")
_GAP_SIZE = part_number("gap size")
_PICKUP = part_number("pick-up")
_PICKUP_LATER = part_number("pick-up later")
_PICKUP_HOUR = part_number("pick-up hour")
_TOLD = part_number("told")
_MISSED = part_number("missed")
_COUNT = part_number("count")
_OLDER = part_number("older")
_OLD_STOCK = part_number("old stock")
_OLD_LEFT = part_number("old left")
_OPENING = part_number("opening")
