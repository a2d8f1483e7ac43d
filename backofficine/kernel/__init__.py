"""Errors, money, clock, secrets and append-only tables: no word of the trade, no HTTP."""
