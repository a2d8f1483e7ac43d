"""Django's registration of the app."""

from django.apps import AppConfig


class TeamConfig(AppConfig):
    name = "backofficine.team"
    label = "team"
