"""Pure computation for the whole house: policies and simulation; no Django, no clock."""
