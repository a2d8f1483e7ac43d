"""Trained forecasts, people's standing decisions on products, and policies tried on the past."""

from backofficine.planning.models.decisions import Decision, DecisionEnd

__all__ = ["Decision", "DecisionEnd"]
