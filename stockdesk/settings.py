"""Django settings of stockdesk; every value that an operator may change comes from ``.env``."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from stockdesk.csp import PAGES
from stockdesk.env import read_environment
from stockdesk.logs import logging_config
from stockdesk.unfold import UNFOLD  # noqa: F401  a setting like any other, in a file of its own

BASE_DIR = Path(__file__).resolve().parent.parent

DESK = read_environment(BASE_DIR)

SECRET_KEY = DESK.secret_key
DEBUG = False
ALLOWED_HOSTS = DESK.allowed_hosts

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "stockdesk",
    "market",
    "assets",
    "trading",
    "collectors",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "stockdesk.csp.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "stockdesk.urls"
ASGI_APPLICATION = "stockdesk.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Gnuboard writes Seoul wall time without a zone; see docs/decisions for why the database speaks it too.
DATABASES = {"default": {**DESK.database, "TIME_ZONE": "Asia/Seoul"}}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Seoul"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "stockdesk.storage.StaticStorage"},
}

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"

CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

LOGGING = logging_config(DESK)

# Raw answers of the public sources: how long and how much of them is kept, compressed, for parsing them again.
RAW_BODY_DAYS = 400
RAW_BODY_BYTES = 2 * 2**30

# Behind TLS the proxy says so in this header; without DESK_HTTPS nobody strips it, so it is not believed.
if DESK.https:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in DESK.allowed_hosts]
# Health and figures are asked for from inside, past the proxy.
SECURE_SSL_REDIRECT = DESK.https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if DESK.https else 0
SESSION_COOKIE_SECURE = DESK.https
CSRF_COOKIE_SECURE = DESK.https
X_FRAME_OPTIONS = "DENY"
# The same domain usually carries the Gnuboard site, on subdomains that are not ours to force to TLS or preload.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

CONTENT_SECURITY_POLICY = {"DIRECTIVES": PAGES}
