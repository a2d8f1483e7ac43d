"""Questions about what to order. They read, they never write."""

from backofficine.planning.queries.calendar import OpenDays
from backofficine.planning.queries.decisions import (
    NOTHING_STANDS,
    Listed,
    Standing,
    decisions_listed,
    standing_decisions,
)
from backofficine.planning.queries.demand import (
    PERIOD_DAYS,
    DemandTable,
    WeekOfDemand,
    demand_at,
    weekly_demand,
)
from backofficine.planning.queries.drafts import drafts, missed_draft, sent_for
from backofficine.planning.queries.house import house_choice, house_out
from backofficine.planning.queries.lines import (
    DraftFigures,
    Show,
    draft_figures,
    lines_shown,
)
from backofficine.planning.queries.owed import owed_by_product
from backofficine.planning.queries.price_cuts import PriceCut, price_cuts
from backofficine.planning.queries.replay import active_policy

__all__ = [
    "NOTHING_STANDS",
    "PERIOD_DAYS",
    "DemandTable",
    "DraftFigures",
    "Listed",
    "OpenDays",
    "PriceCut",
    "Show",
    "Standing",
    "WeekOfDemand",
    "active_policy",
    "decisions_listed",
    "demand_at",
    "draft_figures",
    "drafts",
    "house_choice",
    "house_out",
    "lines_shown",
    "missed_draft",
    "owed_by_product",
    "price_cuts",
    "sent_for",
    "standing_decisions",
    "weekly_demand",
]  # fmt: skip
