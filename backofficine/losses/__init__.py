"""The loss ledger: rules that price the facts in euros and minutes."""
