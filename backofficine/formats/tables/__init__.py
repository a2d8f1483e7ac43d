"""Any table a pharmacy software exports → grids of texts, and their values; one reader for all."""

from backofficine.formats.tables.grids import open_grids
from backofficine.formats.tables.named import is_footer, read_table
from backofficine.formats.tables.shape import Grid, Rejected, Row, Table, TableRefused
from backofficine.formats.tables.values import day, decimal_sign, instant, normal, number, whole

__all__ = [
    "Grid", "Rejected", "Row", "Table", "TableRefused", "day", "decimal_sign", "instant",
    "is_footer", "normal", "number", "open_grids", "read_table", "whole",
]  # fmt: skip
