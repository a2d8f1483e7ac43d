"""Questions of the bench and of the put-away walk. They read, they never write."""

from backofficine.receiving.queries.destinations import Home, home_of, homes_of, reserve
from backofficine.receiving.queries.results import (
    Ask,
    Destination,
    Heard,
    ScanResult,
    Tone,
    announce,
    is_short_dated,
    lot_text,
    month_text,
    result_of,
    unknown_result,
)
from backofficine.receiving.queries.tally import Line, LotCount, Tally, tally

__all__ = [
    "Ask", "Destination", "Heard", "Home", "Line", "LotCount", "ScanResult", "Tally", "Tone",
    "announce", "home_of", "homes_of", "is_short_dated", "lot_text", "month_text", "reserve",
    "result_of", "tally", "unknown_result",
]  # fmt: skip
