"""Which supplier, how many packs, at which tier: one optimisation, with its proven gap."""
