"""Addresses of the settings."""

from django.urls import path

from backofficine.pharmacy import views

app_name = "pharmacy"
urlpatterns = [
    path("", views.settings, name="settings"),
    path("tarifs/<str:key>/", views.tariff, name="tariff"),
    path("parametres/<str:key>/", views.parameter, name="parameter"),
]
