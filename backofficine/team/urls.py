"""Addresses of people and workstations."""

from django.urls import path

from backofficine.team import views

app_name = "team"
urlpatterns = [
    path("", views.people, name="people"),
    path("changer/", views.switch, name="switch"),
    path("verrouiller/", views.lock, name="lock"),
    path("ajouter/", views.add_person, name="add_person"),
    path("code/", views.pin, name="pin"),
    path("poste/", views.workstation, name="workstation"),
    path("poste/<uuid:number>/retirer/", views.retire_workstation, name="retire_workstation"),
    path("mural/", views.add_wall, name="add_wall"),
    path("mural/<int:number>/retirer/", views.revoke_wall, name="revoke_wall"),
    path("<str:username>/", views.change_person, name="change_person"),
]
