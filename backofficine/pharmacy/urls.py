"""Addresses of the settings."""

from django.urls import path

from backofficine.pharmacy import views

app_name = "pharmacy"
urlpatterns = [
    path("", views.settings, name="settings"),
    path("premiers-pas/", views.first_run, name="first_run"),
    path("tarifs/<slug:key>/", views.tariff, name="tariff"),
    path("parametres/<slug:key>/", views.parameter, name="parameter"),
]
