"""Django's registration of the app."""

from django.apps import AppConfig


class StockConfig(AppConfig):
    name = "backofficine.stock"
    label = "stock"
