"""Addresses of ordering."""

from django.urls import path

from backofficine.planning import views

app_name = "planning"
urlpatterns = [
    path("", views.orders, name="orders"),
    path("preparer", views.prepare, name="prepare"),
    path("reporter/<uuid:public_id>", views.carry, name="carry"),
    path("ligne/<int:pk>", views.line, name="line"),
    path("fin-de-mois/<uuid:public_id>", views.month_end, name="month_end"),
    path("accepter/<uuid:public_id>", views.accept, name="accept"),
    path("ajouter/<uuid:public_id>", views.add, name="add"),
    path("transmettre/<uuid:public_id>", views.send, name="send"),
    path("commandes", views.recent, name="recent"),
    path("commande/<uuid:public_id>", views.order, name="order"),
    path("commande/<uuid:public_id>/fichier", views.order_file, name="order_file"),
    path("commande/<uuid:public_id>/papier", views.order_print, name="order_print"),
    path("commande/<uuid:public_id>/reponse", views.answer, name="answer"),
    path("commande/<uuid:public_id>/clore", views.close, name="close"),
    path("commande/<uuid:public_id>/annuler", views.cancel, name="cancel"),
    path("decisions", views.decisions, name="decisions"),
    path("decisions/decider", views.decide, name="decide"),
    path("decisions/terminer", views.end_decision, name="end_decision"),
    path("doublons/<uuid:public_id>", views.doubles, name="doubles"),
    path("doublons/<uuid:public_id>/permettre", views.allow_double, name="allow_double"),
    path("manquant/<int:pk>", views.elsewhere, name="elsewhere"),
]
