"""Parcels, arrival control, gaps and put-away."""
