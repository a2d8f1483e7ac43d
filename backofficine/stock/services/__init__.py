"""What changes the stock. ``post`` and ``withdraw`` alone write moves and balances."""

from backofficine.stock.services.count import (
    Counted,
    count,
    count_many,
    explain_moves,
    report_not_found,
)
from backofficine.stock.services.hold import hold_lot, lift_hold
from backofficine.stock.services.import_sales import SalesReport, import_sales
from backofficine.stock.services.import_stock import StockReport, import_stock
from backofficine.stock.services.imports import FileRefused
from backofficine.stock.services.ledger import (
    InsufficientStock,
    MoveLine,
    RequestReused,
    in_turn,
    lot_of,
    lots_of,
    post,
    reverse,
)
from backofficine.stock.services.places import add_place, retire_place, set_put_away_mode
from backofficine.stock.services.take_out import take_out
from backofficine.stock.services.transfer import open_box, transfer
from backofficine.stock.services.withdraw import (
    ExpiredLot,
    HeldLot,
    Wanted,
    Withdrawal,
    give_visa,
    withdraw,
)

__all__ = [
    "Counted",
    "ExpiredLot",
    "FileRefused",
    "HeldLot",
    "InsufficientStock",
    "MoveLine",
    "RequestReused",
    "SalesReport",
    "StockReport",
    "Wanted",
    "Withdrawal",
    "add_place",
    "count",
    "count_many",
    "explain_moves",
    "give_visa",
    "hold_lot",
    "import_sales",
    "import_stock",
    "in_turn",
    "lift_hold",
    "lot_of",
    "lots_of",
    "open_box",
    "post",
    "report_not_found",
    "retire_place",
    "reverse",
    "set_put_away_mode",
    "take_out",
    "transfer",
    "withdraw",
]  # fmt: skip
