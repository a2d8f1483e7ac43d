"""Addresses of the starting picture."""

from django.urls import path

from backofficine.picture.views import acts, files, report, take

app_name = "picture"
urlpatterns = [
    path("", files.start, name="start"),
    path("fichiers/<uuid:number>/", files.start, name="start_again"),
    path("fichiers/<uuid:number>/colonnes/", files.confirm, name="confirm"),
    path("fichiers/<uuid:number>/prendre/", take.take, name="take"),
    path("fichiers/<uuid:number>/avancement/", take.progress, name="progress"),
    path("<uuid:number>/", report.report, name="report"),
    path("<uuid:number>/compter/", acts.count, name="count"),
    path("<uuid:number>/pages.pdf", report.sheets, name="pdf"),
    path("<uuid:number>/photo.json", report.as_bytes, name="json"),
    path("<uuid:number>/codes-inconnus/", report.unmatched, name="unmatched"),
    path("<uuid:number>/lignes-ecartees/", report.left_out, name="left_out"),
    path("<uuid:number>/depart/", acts.begin, name="begin"),
    path("<uuid:number>/depart/annuler/", acts.undo, name="undo"),
    path("<uuid:number>/<slug:section>/", report.lines, name="section"),
    path("<uuid:number>/<slug:section>/<slug:figure>/", report.lines, name="lines"),
]
