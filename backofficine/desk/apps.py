"""Django's registration of the app."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "backofficine.desk"
    label = "desk"
