"""Backofficine: the open back office of the French community pharmacy."""

__version__ = "0.1.0.dev0"
