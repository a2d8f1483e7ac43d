"""Django's registration of the app."""

from django.apps import AppConfig


class PictureConfig(AppConfig):
    name = "backofficine.picture"
    label = "picture"
