"""Tokens are told once and kept as hashes."""

import hashlib


def token_hash(token: str) -> str:
    """SHA-256, in hexadecimal: the token is long and random, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
