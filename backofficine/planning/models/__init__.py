"""Trained forecasts, people's standing decisions on products, and policies tried on the past."""

from backofficine.planning.models.decisions import Decision, DecisionEnd, DoubleAllowed
from backofficine.planning.models.replays import ActivePolicy, Policy, PolicyReplay
from backofficine.planning.models.training import Training

__all__ = [
    "ActivePolicy",
    "Decision",
    "DecisionEnd",
    "DoubleAllowed",
    "Policy",
    "PolicyReplay",
    "Training",
]
