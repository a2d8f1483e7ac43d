"""The ledger: locations, lots, postings, moves and balances."""
