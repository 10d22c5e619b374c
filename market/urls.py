"""Pages of the market room."""

from django.urls import path

from market.views import dashboard

urlpatterns = [path("", dashboard, name="dashboard")]
