"""Addresses that belong to no domain: the style gallery."""

from django.urls import path

from backofficine.web import views

app_name = "web"

urlpatterns = [path("style/", views.gallery, name="gallery")]
