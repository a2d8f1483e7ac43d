"""Addresses of the app stock."""

from django.urls import path

from backofficine.stock import views

app_name = "stock"
urlpatterns = [
    path("", views.stock_list, name="list"),
    path("sortir/", views.take_out, name="take_out"),
    path("sortir/<uuid:request_id>/annuler/", views.undo, name="undo"),
    path("stupefiants/", views.visas, name="visas"),
    path("stupefiants/<int:pk>/viser/", views.give_visa, name="give_visa"),
    path("importer/", views.imports, name="imports"),
    path("places/", views.places, name="places"),
    path("places/<uuid:public_id>/rangement/", views.place_mode, name="place_mode"),
    path("places/<uuid:public_id>/retirer/", views.retire_place, name="retire_place"),
    path("lots/<uuid:public_id>/retenir/", views.hold_lot, name="hold_lot"),
    path("lots/<uuid:public_id>/rendre/", views.lift_hold, name="lift_hold"),
    path("qui/<int:position>/", views.who, name="who"),
    path("<uuid:public_id>/", views.product, name="product"),
    path("<uuid:public_id>/compter/", views.count, name="count"),
    path("<uuid:public_id>/introuvable/", views.not_found, name="not_found"),
]
