"""Django's registration of the app."""

from django.apps import AppConfig


class PurchasingConfig(AppConfig):
    name = "backofficine.purchasing"
    label = "purchasing"
