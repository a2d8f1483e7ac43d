"""Addresses of the promises."""

from django.urls import path

from backofficine.promises import views

app_name = "promises"
urlpatterns = [
    path("", views.board, name="board"),
    path("chercher/", views.find, name="find"),
    path("nouveau/", views.create, name="create"),
    path("semaine/", views.week, name="week"),
    path("<uuid:public_id>/", views.detail, name="detail"),
    path("<uuid:product_id>/avant/", views.guard, name="guard"),
    path("<uuid:public_id>/contact/", views.contact, name="contact"),
    path("<uuid:public_id>/etiquette/", views.slip, name="slip"),
    path("<uuid:public_id>/remettre/", views.hand_over, name="hand_over"),
    path("<uuid:public_id>/mettre-de-cote/", views.set_aside, name="set_aside"),
    path("<uuid:public_id>/prevenir/", views.tell, name="tell"),
    path("<uuid:public_id>/autre-tournee/", views.promise_again, name="promise_again"),
    path("<uuid:public_id>/annuler/", views.cancel, name="cancel"),
    path("<uuid:public_id>/non-retire/", views.abandon, name="abandon"),
    path("<uuid:public_id>/remettre-en-stock/", views.restock, name="restock"),
    path("<uuid:public_id>/retourner/", views.return_to_supplier, name="return_to_supplier"),
    path("<uuid:public_id>/absent-du-casier/", views.unset, name="unset"),
    path("<uuid:public_id>/avoir/", views.credit, name="credit"),
]
