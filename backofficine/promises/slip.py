"""The code printed on a slip: a square DataMatrix that says a number and nothing else."""

import re

import zxingcpp

from backofficine.promises.models import Promise


def slip_code(promise: Promise) -> str:
    """``PROMIS-426`` as the inside of a page can hold it: one ``svg`` element."""
    barcode = zxingcpp.create_barcode(
        promise.code, zxingcpp.BarcodeFormat.DataMatrix, force_square=True
    )
    drawing = str(barcode.to_svg(add_quiet_zones=True))
    inside = drawing[drawing.index("<svg") :]
    # Drawn at its natural size; the page says how large.
    return re.sub(
        r'<svg width="(\d+)" height="(\d+)"',
        rf'<svg viewBox="0 0 \1 \2" role="img" aria-label="{promise.code}"',
        inside,
        count=1,
    )
