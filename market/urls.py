"""Pages of the market room."""

from django.urls import path

from market.favourites import favourite
from market.views import dashboard

urlpatterns = [
    path("", dashboard, name="dashboard"),
    path("favourites/", favourite, name="favourite"),
]
