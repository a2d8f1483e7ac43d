"""The only clock. Views, jobs and the entry points of commands read it; nothing below them does."""

from datetime import UTC, datetime, timedelta

from django.conf import settings

_fixed: datetime | None = None


def now() -> datetime:
    """The present instant in UTC, shifted for the demo or fixed by ``--at``."""
    if _fixed is not None:
        return _fixed
    return datetime.now(UTC) + timedelta(seconds=settings.CLOCK_SHIFT_SECONDS)


def fix(at: datetime | None) -> None:
    """Stop the clock at ``at`` (aware), for a command's ``--at`` or a test; ``None`` frees it."""
    global _fixed
    assert at is None or at.tzinfo is not None, "an instant has a time zone"
    _fixed = at
