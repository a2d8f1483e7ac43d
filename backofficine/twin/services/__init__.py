"""What the twin writes: an invented past, lived through the real commands."""

from backofficine.twin.services.build_demo import Built, DemoExists, build_demo
from backofficine.twin.services.house import Lived
from backofficine.twin.services.live_through import live_through

__all__ = ["Built", "DemoExists", "Lived", "build_demo", "live_through"]
