"""Django's registration of the app."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "backofficine.kernel"
    label = "kernel"
