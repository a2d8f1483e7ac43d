"""A shop of invented products, the same for all the tests of the photo de départ."""

import numpy as np
import numpy.typing as npt
import pytest

Floats = npt.NDArray[np.float64]
WEEKS = 104


@pytest.fixture(scope="session")
def crowd() -> Floats:
    """Two years by week of 300 products that sell at their own steady pace."""
    draw = np.random.default_rng(7)
    pace = draw.gamma(1.0, 0.4, size=(300, 1))
    sales: Floats = draw.poisson(pace, size=(300, WEEKS)).astype(np.float64)
    return sales
