"""Addresses of the app planning."""

from django.urls import URLPattern

app_name = "planning"
urlpatterns: list[URLPattern] = []
