"""This pharmacy: identity, opening days, stock truth, dated parameters and tariffs."""
