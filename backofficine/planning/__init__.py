"""What to order now."""
