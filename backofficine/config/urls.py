"""Every address of the product, one prefix per word of the trade."""

from django.urls import include, path
from django.views.i18n import set_language

urlpatterns = [
    path("", include("backofficine.desk.urls")),
    path("commander/", include("backofficine.planning.urls")),
    path("", include("backofficine.receiving.urls")),
    path("promis/", include("backofficine.promises.urls")),
    path("stock/", include("backofficine.stock.urls")),
    path("pertes/", include("backofficine.losses.urls")),
    path("photo-de-depart/", include("backofficine.picture.urls")),
    path("fournisseurs/", include("backofficine.purchasing.urls")),
    path("equipe/", include("backofficine.team.urls")),
    path("reglages/", include("backofficine.pharmacy.urls")),
    path("", include("backofficine.web.urls")),
    path("compte/", include("allauth.account.urls")),
    path("langue/", set_language, name="set_language"),
]
