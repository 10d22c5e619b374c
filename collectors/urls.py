"""Pages of the collectors: one issue, from every table that knows it."""

from django.urls import path

from collectors.symbol_book import symbol_book
from collectors.symbol_chart import symbol_bars, symbol_overlays
from collectors.symbol_page import symbol_live, symbol_page

urlpatterns = [
    path("<str:symbol>/", symbol_page, name="symbol"),
    path("<str:symbol>/live.json", symbol_live, name="symbol-live"),
    path("<str:symbol>/book.json", symbol_book, name="symbol-book"),
    path("<str:symbol>/bars.json", symbol_bars, name="symbol-bars"),
    path("<str:symbol>/overlays.json", symbol_overlays, name="symbol-overlays"),
]
