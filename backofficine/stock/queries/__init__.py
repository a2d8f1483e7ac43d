"""Questions about the stock. They read, they never write."""

from backofficine.stock.queries.audit import LedgerReport, audit, replayed_balances
from backofficine.stock.queries.balances import (
    balances_at,
    balances_of_lot,
    balances_of_product,
    expiring_before,
    held_lot_ids,
    latest_lot,
    latest_servable_lot,
    lots_at,
    on_hand,
    on_hand_by_product,
    servable,
    stock_as_of,
)
from backofficine.stock.queries.listing import (
    Week,
    awaited_visas,
    lots_held,
    places_of,
    product_of,
    product_sheet,
    stock_page,
)
from backofficine.stock.queries.places import place_of, quarantine, virtual, walk

__all__ = [
    "LedgerReport", "Week", "audit", "awaited_visas", "balances_at", "balances_of_lot",
    "balances_of_product", "expiring_before", "held_lot_ids", "latest_lot",
    "latest_servable_lot", "lots_at", "lots_held", "on_hand", "on_hand_by_product", "place_of",
    "places_of", "product_of", "product_sheet", "quarantine", "replayed_balances", "servable",
    "stock_as_of", "stock_page", "virtual", "walk",
]  # fmt: skip
