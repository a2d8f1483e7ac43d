"""The digital twin: the past it lives through the real commands."""
