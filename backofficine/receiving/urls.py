"""Addresses of the app receiving."""

from django.urls import URLPattern, path

from backofficine.receiving.views import bench, walk

app_name = "receiving"
urlpatterns: list[URLPattern] = [
    path("receptionner/", bench.receive, name="receive"),
    path("receptionner/arrivee/", bench.drop, name="drop"),
    path("receptionner/commencer/", bench.start, name="start"),
    path("receptionner/<int:number>/", bench.bench, name="bench"),
    path("receptionner/<int:number>/reponse/", bench.answer, name="answer"),
    path("receptionner/<int:number>/rattacher/", bench.tie, name="tie"),
    path("receptionner/<int:number>/annuler/", bench.undo, name="undo"),
    path("receptionner/<int:number>/bac/<int:parcel>/", bench.open_parcel, name="open_parcel"),
    path("receptionner/<int:number>/cloture/", bench.closing, name="closing"),
    path("ranger/", walk.put_away, name="put_away"),
    path("ranger/bac/", walk.tray, name="tray"),
    path("ranger/probleme/", walk.problem, name="problem"),
]
