"""Django's registration of the app."""

from django.apps import AppConfig


class TwinConfig(AppConfig):
    name = "backofficine.twin"
    label = "twin"
