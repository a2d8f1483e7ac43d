"""Addresses of the app losses."""

from django.urls import URLPattern

app_name = "losses"
urlpatterns: list[URLPattern] = []
