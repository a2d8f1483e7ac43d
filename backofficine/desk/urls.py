"""Addresses of the app desk."""

from django.urls import path

from backofficine.desk.views import counter, first_run, scan, today, wall

app_name = "desk"
urlpatterns = [
    path("", today.today, name="today"),
    path("reglages/premiers-pas/", first_run.first_run, name="first_run"),
    path("mural/<str:token>/", wall.wall, name="wall"),
    path("scan/", scan.scan, name="scan"),
    path("comptoir/", counter.counter, name="counter"),
    path("comptoir/chercher/", counter.search, name="counter_search"),
    path("comptoir/introuvable/", counter.not_found, name="not_found"),
    path("comptoir/annuler/", counter.undo, name="undo"),
]
