"""Questions about suppliers, rounds and orders. They read, they never write."""

from backofficine.purchasing.queries.orders import (
    OrderTotals,
    draft,
    on_order_by_product,
    open_orders,
    order_of,
    recent_orders,
    short_lines,
    totals,
    unit_prices,
)
from backofficine.purchasing.queries.rounds import (
    active_suppliers,
    coming_rounds,
    first_opening,
    hour_text,
    main_supplier,
    moment_text,
    next_cut_off,
    next_round,
    next_rounds,
    promised_instant,
    rounds_of_day,
    suppliers,
)
from backofficine.purchasing.queries.schedules import Weekly, weekly_rounds

__all__ = [
    "OrderTotals",
    "Weekly",
    "active_suppliers",
    "coming_rounds",
    "draft",
    "first_opening",
    "hour_text",
    "main_supplier",
    "moment_text",
    "next_cut_off",
    "next_round",
    "next_rounds",
    "on_order_by_product",
    "open_orders",
    "order_of",
    "promised_instant",
    "recent_orders",
    "rounds_of_day",
    "short_lines",
    "suppliers",
    "totals",
    "unit_prices",
    "weekly_rounds",
]  # fmt: skip
