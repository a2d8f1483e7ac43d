"""Ordering policies tried on a past, without looking ahead: what would have been missing, held."""
