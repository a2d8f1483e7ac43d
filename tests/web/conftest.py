"""Draw one template line at a time, and parse what it says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.template import engines
from django.utils import translation

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def draw() -> Callable[..., str]:
    """Render a template string with the house's own tags."""

    def rendered(source: str, **context: Any) -> str:
        return engines["django"].from_string(source).render(context)

    return rendered


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"):
        yield
