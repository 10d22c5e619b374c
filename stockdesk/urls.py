"""Addresses of the desk: health first, then logging in and out, the admin, and the dashboard at the root."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from django.utils.module_loading import autodiscover_modules

from stockdesk import metrics_ground  # noqa: F401
from stockdesk.headers import robots
from stockdesk.health import healthz, readyz
from stockdesk.metrics import metrics

# Pages of the admin, and what each room has to say at /readyz and /metrics: only who serves pages loads them.
admin.autodiscover()
autodiscover_modules("readiness", "metrics")

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("robots.txt", robots),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(next_page="login"), name="logout"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("trading/", include("trading.urls")),
    path("symbol/", include("collectors.urls")),
    path("", include("market.urls")),
]
