"""Identifiers that travel in forms: one per act, so that doing it twice is doing it once."""

from uuid import UUID, uuid5

_NAMESPACE = UUID("6f1c1a52-0f5c-4f0b-9a4d-5d3f7c1b2e90")


def derived_id(*parts: object) -> UUID:
    """The same parts give the same identifier: a later step is as retry-proof as the first."""
    return uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts))
