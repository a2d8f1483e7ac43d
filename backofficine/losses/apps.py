"""Django's registration of the app."""

from django.apps import AppConfig


class LossesConfig(AppConfig):
    name = "backofficine.losses"
    label = "losses"
