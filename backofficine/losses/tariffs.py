"""All tariffs at once: pricing a month must not ask the database line by line."""

from datetime import date

from backofficine.losses.loss import TariffUsed
from backofficine.pharmacy.models import Tariff
from backofficine.pharmacy.queries import UnknownValue

HOUR = "hourly_cost"


class TariffBook:
    """Every tariff row, read once; answers as ``pharmacy.queries.tariff`` does."""

    def __init__(self) -> None:
        self._rows: dict[str, list[TariffUsed]] = {}
        self._known: dict[tuple[str, date], TariffUsed] = {}
        for row in Tariff.objects.order_by("key", "valid_from", "pk"):
            self._rows.setdefault(row.key, []).append(
                TariffUsed(
                    key=row.key,
                    unit=row.unit,
                    amount=row.amount,
                    low=row.low,
                    high=row.high,
                    evidence=row.evidence,
                    source=row.source,
                    valid_from=row.valid_from,
                    valid_until=row.valid_until,
                )
            )

    def at(self, key: str, day: date) -> TariffUsed:
        """The tariff of ``key`` valid on a day; raises :class:`UnknownValue`."""
        known = self._known.get((key, day))
        if known is not None:
            return known
        for row in reversed(self._rows.get(key, [])):
            if row.valid_from <= day and (row.valid_until is None or day <= row.valid_until):
                self._known[key, day] = row
                return row
        raise UnknownValue(key=key, day=day)
