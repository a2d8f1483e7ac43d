"""Who works here: users, roles, PIN, workstations, opaque actors."""
