"""Questions about promises. They read, they never write; none of them gives a name."""

from backofficine.promises.queries.board import (
    Board,
    Card,
    Hour,
    Lane,
    LaneName,
    ShownSlot,
    board,
    card_of,
    late_count,
    rules_at,
    shown_slot,
    week_missed,
    week_wrong_stock,
)
from backofficine.promises.queries.find import find
from backofficine.promises.queries.guard import FreeBoxes, Guard, guard
from backofficine.promises.queries.waiting import promised_by_product, waiting_for

__all__ = [
    "Board", "Card", "FreeBoxes", "Guard", "Hour", "Lane", "LaneName", "ShownSlot", "board",
    "card_of", "find", "guard", "late_count", "promised_by_product", "rules_at", "shown_slot",
    "waiting_for", "week_missed", "week_wrong_stock",
]  # fmt: skip
