"""Every address of the product, one prefix per word of the trade."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
