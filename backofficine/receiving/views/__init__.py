"""Pages of the bench and of the put-away walk."""
