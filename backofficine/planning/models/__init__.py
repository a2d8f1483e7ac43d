"""Trained forecasts, people's standing decisions on products, and policies tried on the past."""
