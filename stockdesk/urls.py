"""Addresses of the desk: health first, then logging in and out, the admin, and the dashboard at the root."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.utils.module_loading import autodiscover_modules

from stockdesk import (
    guide_views,
    metrics_ground,  # noqa: F401  (registers itself)
)
from stockdesk.headers import robots
from stockdesk.health import healthz, readyz
from stockdesk.logins import Login, code, to_login
from stockdesk.manager import readiness  # noqa: F401  (likewise)
from stockdesk.metrics import metrics

# Pages of the admin, and what each room has to say at /readyz and /metrics: only who serves pages loads them.
admin.autodiscover()
autodiscover_modules("readiness", "metrics")

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("robots.txt", robots, name="robots"),
    path("login/", Login.as_view(), name="login"),
    path("login/code/", code, name="login-code"),
    path("logout/", LogoutView.as_view(next_page="login"), name="logout"),
    path("guide/", guide_views.page, name="guide"),
    path("guide/check/", guide_views.check, name="guide-check"),
    path("guide/write/", guide_views.write, name="guide-write"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/login/", to_login, name="admin-door"),
    path("admin/", admin.site.urls),
    path("trading/", include("trading.urls")),
    path("symbol/", include("collectors.urls")),
    path("", include("market.urls")),
]
