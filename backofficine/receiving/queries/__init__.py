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
from backofficine.receiving.queries.walk import Carried, Stop, on_the_dock, walk

__all__ = [
    "Ask", "Carried", "Destination", "Heard", "Home", "Line", "LotCount", "ScanResult", "Stop",
    "Tally", "Tone", "announce", "home_of", "homes_of", "is_short_dated", "lot_text", "month_text",
    "on_the_dock", "reserve", "result_of", "tally", "unknown_result", "walk",
]  # fmt: skip
