"""What to buy from whom: one order over many suppliers, at least cost, with its proven gap."""
