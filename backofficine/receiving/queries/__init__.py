"""Questions of the bench and of the put-away walk. They read, they never write."""

from backofficine.receiving.queries.bench import BenchView, Hero, Row, bench, last_result
from backofficine.receiving.queries.destinations import Home, home_of, homes_of, reserve
from backofficine.receiving.queries.floor import Delivery, Due, Floor, floor, on_the_floor
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
    result_of_rows,
    unknown_result,
)
from backofficine.receiving.queries.tally import Line, LotCount, Tally, tally
from backofficine.receiving.queries.walk import Carried, Stop, on_the_dock, walk

__all__ = [
    "Ask", "BenchView", "Carried", "Delivery", "Destination", "Due", "Floor", "Heard", "Hero",
    "Home", "Line", "LotCount", "Row", "ScanResult", "Stop", "Tally", "Tone", "announce", "bench",
    "floor", "home_of", "homes_of", "is_short_dated", "last_result", "lot_text", "month_text",
    "on_the_dock", "on_the_floor", "reserve", "result_of", "result_of_rows",
    "tally", "unknown_result", "walk",
]  # fmt: skip
