"""An invented pharmacy and its exports, for tests and for tools; no Django here."""

from tests.invented.exports import Files, as_columns_of_months, as_lines, as_workbooks
from tests.invented.pharmacy import InventedPharmacy, invent

__all__ = [
    "Files", "InventedPharmacy", "as_columns_of_months", "as_lines", "as_workbooks", "invent",
]  # fmt: skip
