"""The exports of any pharmacy software: stock, sales, purchases; recognised, confirmed, read."""

from backofficine.formats.exports.fields import fields_of
from backofficine.formats.exports.propose import propose
from backofficine.formats.exports.read import read_export
from backofficine.formats.exports.shape import (
    Export,
    Field,
    Guess,
    Layout,
    Proposal,
    PurchaseLine,
    SalesLine,
    StockLine,
    What,
)

__all__ = [
    "Export", "Field", "Guess", "Layout", "Proposal", "PurchaseLine", "SalesLine", "StockLine",
    "What", "fields_of", "propose", "read_export",
]  # fmt: skip
