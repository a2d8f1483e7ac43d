"""The instant and the day on which the rows of tests are made."""

from datetime import UTC, date, datetime

NOW = datetime(2026, 11, 24, 9, 18, tzinfo=UTC)
TODAY = date(2026, 11, 24)
