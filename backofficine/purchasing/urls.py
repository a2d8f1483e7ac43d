"""Addresses of the suppliers."""

from django.urls import path

from backofficine.purchasing import views

app_name = "purchasing"
urlpatterns = [
    path("", views.suppliers, name="suppliers"),
    path("nouveau/", views.add, name="add"),
    path("<int:pk>/", views.supplier, name="supplier"),
    path("<int:pk>/tournees/", views.add_rounds, name="add_rounds"),
    path("<int:pk>/tournees/arreter/", views.end_rounds, name="end_rounds"),
    path("<int:pk>/jours/", views.cancel_day, name="cancel_day"),
    path("<int:pk>/jours/retablir/", views.restore_day, name="restore_day"),
]
