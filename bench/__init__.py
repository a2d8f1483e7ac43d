"""How fast the house is, each line beside the same work in plain SQL: ``make bench``."""
