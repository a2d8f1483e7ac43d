"""Addresses that every page writes: found once."""

from functools import lru_cache

from django.conf import settings
from django.urls import NoReverseMatch, reverse


def address(name: str) -> str:
    """The address of a page that takes no argument; "" if there is no such page."""
    return _address(name, settings.ROOT_URLCONF)


@lru_cache(maxsize=256)
def _address(name: str, _urls: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
