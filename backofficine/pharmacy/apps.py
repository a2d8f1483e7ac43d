"""Django's registration of the app."""

from django.apps import AppConfig


class PharmacyConfig(AppConfig):
    name = "backofficine.pharmacy"
    label = "pharmacy"
