"""What changes the catalogue: products made one by one, and whole editions of the national files.

The national files themselves are read by ``formats.bdpm``.
"""

from backofficine.catalog.services.import_bdpm import EditionRefused, ImportReport, import_bdpm
from backofficine.catalog.services.products import make_product, touch_version

__all__ = ["EditionRefused", "ImportReport", "import_bdpm", "make_product", "touch_version"]
