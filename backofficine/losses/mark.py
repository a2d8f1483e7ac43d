"""The mark of a period: as long as it stays, the losses of those days stay too.

Losses are a projection of facts. Facts are appended, so the last of each kind tells whether
anything was added; the few rows that change in place leave a line behind: a promise its event, a
request to count its count.
"""

from datetime import date
from typing import Any

from django.db import connection

from backofficine.pharmacy.queries import day_bounds

Mark = tuple[Any, ...]

# Written by hand: one statement of a dozen short looks, each at the end of an index.
_MARK = """
SELECT (SELECT MAX(id) FROM losses_contest),
       (SELECT MAX(id) FROM losses_contestanswer),
       (SELECT MAX(id) FROM pharmacy_tariff),
       (SELECT number FROM catalog_catalogversion WHERE id = 1),
       (SELECT MAX(id) FROM stock_countline),
       (SELECT MAX(id) FROM stock_foundexplained),
       (SELECT COUNT(*) FROM stock_posting WHERE reverses_id > 0),
       (SELECT MAX(move.id) FROM stock_move move JOIN stock_location place
        ON place.id = move.target_id WHERE place.kind IN ('waste', 'quarantine')),
       (SELECT MAX(move.id) FROM stock_move move JOIN stock_location place
        ON place.id = move.source_id WHERE place.kind = 'count'),
       (SELECT COUNT(*) FROM stock_notfound WHERE reported_at >= %s AND reported_at < %s),
       (SELECT COUNT(*) FROM promises_promise WHERE created_at >= %s AND created_at < %s),
       (SELECT MAX(event.id) FROM promises_promise promise JOIN promises_promiseevent event
        ON event.promise_id = promise.id
        WHERE promise.created_at >= %s AND promise.created_at < %s)
"""


def mark(first: date, last: date) -> Mark:
    """What to compare before the losses of some civil days, both included, are computed again."""
    bounds = [connection.ops.adapt_datetimefield_value(at) for at in _bounds(first, last)]
    with connection.cursor() as cursor:
        cursor.execute(_MARK, bounds * 3)
        return tuple(cursor.fetchone())


def _bounds(first: date, last: date) -> tuple[Any, Any]:
    return day_bounds(first)[0], day_bounds(last)[1]
