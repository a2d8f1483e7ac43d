"""Addresses of the app losses."""

from django.urls import path

from backofficine.losses import views

app_name = "losses"
urlpatterns = [
    path("", views.month, name="month"),
    path("preuve/<str:key>/", views.proof, name="proof"),
    path("preuve/<str:key>/contester/", views.contest, name="contest"),
    path("contestations/<int:pk>/", views.answer, name="answer"),
    path("<str:month>/", views.month, name="one_month"),
    path("<str:month>/tendance/", views.month_trend, name="trend"),
    path("<str:month>/releve/", views.print_month, name="print"),
]
