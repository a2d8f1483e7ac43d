"""Suppliers, schedules, delivery rounds and orders."""
