"""Take a file's history back: its lines stay where they are, and count no more."""

from datetime import datetime
from uuid import UUID

from backofficine.kernel.ids import derived_id
from backofficine.stock.models import HistoryVoid
from backofficine.team.models import Actor


def history_of(digest: str) -> UUID:
    """What names the history lines of a sales file, from its digest, on its first import."""
    return derived_id("import-sales", digest, "history", 0)


def void_history(request_id: UUID, *, at: datetime, actor: Actor) -> HistoryVoid:
    """Declare void the history lines of one import; once is enough."""
    return HistoryVoid.objects.get_or_create(
        request_id=request_id, defaults={"voided_at": at, "actor": actor}
    )[0]
