"""Pages of the market room. Importing them adds the room's checks to ``/readyz``."""

from django.urls import path

from market import readiness  # noqa: F401
from market.favourites import favourite
from market.views import dashboard

urlpatterns = [
    path("", dashboard, name="dashboard"),
    path("favourites/", favourite, name="favourite"),
]
