"""The seal of a posting: its own words and the seal before it, hashed together."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from backofficine.kernel.money import to_units

FORMAT_VERSION = 1
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class SealedLine:
    """One move as the chain names it: public identifiers, never keys of one database."""

    lot: UUID
    source: UUID
    target: UUID
    quantity: int
    unit_cost: int  # ten-thousandths of a euro

    @classmethod
    def of(
        cls, *, lot: UUID, source: UUID, target: UUID, quantity: int, unit_cost: Decimal
    ) -> "SealedLine":
        return cls(lot, source, target, quantity, to_units(unit_cost))


def seal(
    previous_hash: str,
    *,
    position: int,
    request_id: UUID,
    reason: str,
    cause: str,
    occurred_at: datetime,
    recorded_at: datetime,
    actor: UUID,
    workstation: UUID | None,
    reverses: UUID | None,
    lines: Iterable[SealedLine],
) -> str:
    """SHA-256, in hexadecimal, of the previous seal followed by this posting's body.

    The body is UTF-8 JSON with sorted keys and no spaces. A cause rides with the reason
    (``write_off:expired``). It names actors and workstations by their opaque numbers only, so that
    erasing a person never breaks the chain.
    """
    body = {
        "actor": str(actor),
        "lines": [
            [str(line.lot), str(line.source), str(line.target), line.quantity, line.unit_cost]
            for line in lines
        ],
        "occurred_at": _utc(occurred_at),
        "position": position,
        "reason": f"{reason}:{cause}" if cause else reason,
        "recorded_at": _utc(recorded_at),
        "request_id": str(request_id),
        "reverses": str(reverses) if reverses else None,
        "version": FORMAT_VERSION,
        "workstation": str(workstation) if workstation else None,
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(previous_hash.encode("ascii") + text.encode()).hexdigest()


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
