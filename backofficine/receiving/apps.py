"""Django's registration of the app."""

from django.apps import AppConfig


class ReceivingConfig(AppConfig):
    name = "backofficine.receiving"
    label = "receiving"
