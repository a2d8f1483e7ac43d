"""Section 9: what cannot be known from these files, and which export would tell."""

from datetime import date

from backofficine.picture.report import Number, Unknown
from backofficine.picture.sections.base import MONTH_DAYS
from backofficine.picture.shelf import Shelf

FULL_YEAR_DAYS = 365
MOST_DAYS_APART = 7  # between the two files: beyond, sales of one are not in the stock of the other


def unknowns_of(
    shelf: Shelf, *, editions: int, counted_on: date | None = None
) -> tuple[Unknown, ...]:
    """What is missing from these very files first, then what no such file ever tells.

    ``counted_on``: the day the stock file was made, where it says so.
    """
    columns = shelf.stock_columns
    found: list[Unknown] = []

    def say(key: str, export: str, **numbers: Number) -> None:
        found.append(Unknown(key, export, numbers))

    held = [item for item in shelf.items if item.held > 0]
    unpriced = sum(1 for item in held if item.cost is None)
    assumed = sum(1 for item in held if item.is_cost_assumed)
    if counted_on is not None and abs(apart := (counted_on - shelf.as_of).days) > MOST_DAYS_APART:
        say("one_day", "both_files_of_one_day", days=abs(apart))
    if shelf.days < FULL_YEAR_DAYS:
        say("year_of_sales", "twelve_months_of_sales", days=shelf.days)
    if shelf.grain == "month":
        say("days_of_sales", "sales_per_line", months=round(shelf.days / MONTH_DAYS))
    if assumed or unpriced:
        say("purchase_prices", "stock_with_prices", assumed=assumed, unpriced=unpriced)
    if "address" not in columns:
        say("addresses", "stock_with_addresses")
    if "expires_on" not in columns:
        say("expiry_dates", "stock_with_dates")
    if "last_receipt_on" not in columns and shelf.bought is None:
        say("last_receipts", "stock_with_receipts")
    if shelf.bought is None:
        say("orders", "purchases")
    if editions == 0:
        say("catalogue", "national_files")
    elif editions == 1:
        say("past_prices", "second_edition")
    if editions:
        say("announced_price_cuts", "official_journal")
    say("unserved_demand", "promises")
    say("return_window", "supplier_terms")
    say("what_is_on_the_shelf", "count")
    return tuple(found)
