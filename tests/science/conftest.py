"""One invented assortment for all the tests that only read it."""

import pytest

from backofficine.science.simulation.assortment import InventedProduct, invent_assortment


@pytest.fixture(scope="session")
def assortment() -> list[InventedProduct]:
    return invent_assortment(seed=1)
