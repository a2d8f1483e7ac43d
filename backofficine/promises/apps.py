"""Django's registration of the app."""

from django.apps import AppConfig


class PromisesConfig(AppConfig):
    name = "backofficine.promises"
    label = "promises"
