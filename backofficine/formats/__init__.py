"""Bytes and texts of the outside world in, frozen dataclasses out: no Django, no database."""
