"""Django settings of stockdesk; every value that an operator may change comes from ``.env``."""

from datetime import timedelta
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from stockdesk.csp import PAGES
from stockdesk.env_database import reading
from stockdesk.env_reader import read_environment
from stockdesk.logs import logging_config
from stockdesk.unfold import UNFOLD  # noqa: F401  a setting like any other, in a file of its own

BASE_DIR = Path(__file__).resolve().parent.parent

DESK = read_environment(BASE_DIR)

SECRET_KEY = DESK.secret_key
DEBUG = False
ALLOWED_HOSTS = DESK.allowed_hosts

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "stockdesk.admin_app.PagesAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    "channels",
    "csp",
    "django_q",
    "import_export",
    "simple_history",
    "stockdesk",
    "market",
    "assets",
    "trading",
    "collectors",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "stockdesk.headers.private_answers",
    "stockdesk.csp.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "stockdesk.guards.IdleLogins",
    "stockdesk.guards.CodesFirst",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
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
DATABASES["reading"] = reading(DATABASES["default"])

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# The first keeps out whoever guesses; the second looks at the password.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# The name alone would let anybody lock the trader out; the address alone, everybody behind one router.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_RESET_ON_SUCCESS = True
# It keeps what was posted: a recovery code with one digit wrong is most of a right one.
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code"]
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

OTP_TOTP_ISSUER = "stockdesk"
OTP_TOTP_THROTTLE_FACTOR = 1  # 1, 2, 4, 8 ... s after wrong codes in a row
OTP_STATIC_THROTTLE_FACTOR = 1
OTP_ADMIN_HIDE_SENSITIVE_DATA = True

LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Seoul"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
# What npm brought (./desk): a checkout that was not set up by it has pages without charts.
VENDOR = BASE_DIR / "var" / "vendor"
CHARTS_INSTALLED = (VENDOR / "lightweight-charts" / "LICENSE").is_file()
STATICFILES_DIRS = [BASE_DIR / "static", *([("vendor", VENDOR)] if CHARTS_INSTALLED else [])]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "stockdesk.storage.StaticStorage"},
}

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
# A login ends after so long without a page asked for (`stockdesk.guards.IdleLogins` moves the end along).
SESSION_COOKIE_AGE = 12 * 3600


# Batch jobs, never orders. Two workers share the call budget, and an idle cluster asks the database every five
# seconds. A task that failed or was lost is given out again after ``retry``, which is safe: what is done is in
# collectors_jobitem.
Q_CLUSTER = {
    "name": "stockdesk",
    "label": "django-q2",
    "orm": "default",
    "workers": 2,
    "timeout": 240,
    "retry": 300,
    "max_attempts": 3,
    "catch_up": False,
    "poll": 5,
    "guard_cycle": 2,
    "save_limit": 100,
}

LOGGING = logging_config(DESK)

# How often the database itself turns closed minutes into bars (market/bar_sql.py); 0 leaves its EVENT switched off.
BAR_EVENT_SECONDS = 60

# Raw answers of the public sources: how long and how much of them is kept, compressed, for parsing them again.
RAW_BODY_DAYS = 400
RAW_BODY_BYTES = 2 * 2**30

BACKUP_DIR = BASE_DIR / (DESK.backup_dir or "var/backup")

# Behind TLS the proxy says so in this header; without DESK_HTTPS nobody strips it, so it is not believed.
if DESK.https:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in DESK.allowed_hosts]
# Health and figures are asked for from inside, past the proxy.
SECURE_SSL_REDIRECT = DESK.https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if DESK.https else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = DESK.https
# No script of ours reads a cookie.
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
# Browsers give cookies to every port of a host, and take them from every subdomain of a domain: the PHP site beside us
# must not overwrite ours by accident, nor, where there is TLS, on purpose.
_PREFIX = "__Host-" if DESK.https else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_PREFIX}desk_session", f"{_PREFIX}desk_csrf"
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# The same domain usually carries the Gnuboard site, on subdomains that are not ours to force to TLS or preload.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# An old version of a condition is there to be read: brought back, it would pass by all that is checked today.
SIMPLE_HISTORY_REVERT_DISABLED = True

CONTENT_SECURITY_POLICY = {"DIRECTIVES": PAGES}
