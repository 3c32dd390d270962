"""The one settings file. Every value comes from the environment (see .env.example)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from logisav import desk
from logisav.environment import (
    demo_directory,
    demo_note,
    env,
    one_of,
    payment_page_origins,
    read_demo_secrets,
    refuse_demo_in_production,
    refuse_open_key,
    required,
    secret,
)

BASE_DIR = Path(__file__).resolve().parent.parent
DEMO = env.bool("DEMO", default=False)
DEMO_DIR = demo_directory(BASE_DIR)

if DEMO:
    read_demo_secrets(DEMO_DIR)
    SITE_URL = env.str("SITE_URL", default=f"http://127.0.0.1:{demo_note(DEMO_DIR, 'port', default='8000')}")
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
    database_url = env.str("DATABASE_URL", default=f"sqlite:///{DEMO_DIR / 'logisav.sqlite3'}")
    CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=f"sqla+sqlite:///{DEMO_DIR / 'broker.sqlite3'}")
    email_url = env.str(
        "EMAIL_URL", default=f"smtp://127.0.0.1:{demo_note(DEMO_DIR, 'smtp_port', default='1025')}"
    )
    DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="devis@thermo-rhone.example")
    MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(DEMO_DIR / "media"))
    SEAL_PKCS12 = env.str("SEAL_PKCS12", default=str(DEMO_DIR / "seal.p12"))
    stripe_stand_in = f"http://127.0.0.1:{demo_note(DEMO_DIR, 'stripe_port', default='8002')}"
else:
    SITE_URL = required("SITE_URL", "https://devis.exemple.fr")
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(SITE_URL).hostname or ""])
    database_url = required("DATABASE_URL", "postgres://logisav:…@localhost/logisav")
    CELERY_BROKER_URL = required("CELERY_BROKER_URL", "redis://localhost:6379/0")
    email_url = required("EMAIL_URL", "smtp+tls://user:password@smtp.exemple.fr:587")
    DEFAULT_FROM_EMAIL = required("DEFAULT_FROM_EMAIL", "devis@exemple.fr")
    MEDIA_ROOT = required("MEDIA_ROOT", "/var/lib/logisav/media")
    SEAL_PKCS12 = required("SEAL_PKCS12", "/etc/logisav/seal.p12 (manage.py make_seal_key makes it)")
    stripe_stand_in = ""

SITE_URL = SITE_URL.rstrip("/")
SECURE = SITE_URL.startswith("https://")
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = secret("SECRET_KEY")
OTP_KEY = secret("OTP_KEY")
OUTBOX_KEY = secret("OUTBOX_KEY").split(",")
SEAL_PASSPHRASE = secret("SEAL_PASSPHRASE")
TSA_URLS = env.list("TSA_URLS", default=[])
SEAL_AUTHORITIES = env.str("SEAL_AUTHORITIES", default="")
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRETS = env.list("STRIPE_WEBHOOK_SECRETS", default=[])
STRIPE_API_URL = env.str("STRIPE_API_URL", default=stripe_stand_in).rstrip("/")
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
SECOND_FACTOR_REQUIRED = one_of(
    "SECOND_FACTOR_REQUIRED", "nobody", "managers", "everybody", default="nobody" if DEMO else "managers"
)

if DEMO:
    refuse_demo_in_production(
        site_url=SITE_URL,
        database=database_url,
        broker=CELERY_BROKER_URL,
        hosts=ALLOWED_HOSTS,
        stripe_key=STRIPE_SECRET_KEY,
    )
elif not Path(SEAL_PKCS12).is_file() and "make_seal_key" not in sys.argv:
    raise ImproperlyConfigured(f"No seal key at {SEAL_PKCS12}. Make one with: manage.py make_seal_key")
refuse_open_key(Path(SEAL_PKCS12))
PAYMENT_PAGE_ORIGINS = payment_page_origins(
    key=STRIPE_SECRET_KEY, webhook_secrets=STRIPE_WEBHOOK_SECRETS, stand_in=STRIPE_API_URL
)

# Applications

INSTALLED_APPS = [
    "logisav",
    *(["demo"] if DEMO else []),
    "signing",
    "payments",
    "quotes",
    "notifications",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
]

MIDDLEWARE = [
    *(["demo.middleware.LocalOnly"] if DEMO else []),
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "logisav.middleware.browser_rules",
    "csp.middleware.CSPMiddleware",
    "logisav.desk_csp.desk_policy",
    "logisav.middleware.Unavailable",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "logisav.gate.second_factor_gate",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "logisav.urls"
WSGI_APPLICATION = "logisav.wsgi.application"
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
                "quotes.context.company",
            ]
        },
    }
]

# Database: SQLite tuned for a real web application, PostgreSQL by DATABASE_URL

DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url_config(database_url)}
database = DATABASES["default"]
SQLITE = database["ENGINE"].endswith("sqlite3")
if SQLITE:
    Path(database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    # Threads and processes of the tests share it, so it must be a file.
    database["TEST"] = {"NAME": f"{database['NAME']}.test"}
else:
    database |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    database.setdefault("OPTIONS", {})["connect_timeout"] = 5
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache_url_config(env.str("CACHE_URL", default="locmemcache://"))}

# Celery: a nudge beside the database, so it may fail fast

CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_DEFAULT_QUEUE = "logisav"
CELERY_TIMEZONE = "Europe/Paris"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {"max_retries": 0, "socket_timeout": 2, "socket_connect_timeout": 0.5}
    if CELERY_BROKER_URL.startswith("redis")
    else {"max_retries": 0, "connect_args": {"timeout": 2}}
)
CELERY_BEAT_SCHEDULE = {"sweep": {"task": "logisav.sweep", "schedule": 20.0, "options": {"expires": 20}}}

# Mail, always through the outbox

EMAIL_CONFIG = env.email_url_config(email_url)
EMAIL_HOST = EMAIL_CONFIG["EMAIL_HOST"]
EMAIL_PORT = EMAIL_CONFIG["EMAIL_PORT"] or 25
EMAIL_HOST_USER = EMAIL_CONFIG["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = EMAIL_CONFIG["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = EMAIL_CONFIG.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL_CONFIG.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=15)

# The owner's desk

UNFOLD = desk.UNFOLD

# Language and time

LANGUAGE_CODE = "fr"
FORMAT_MODULE_PATH = ["logisav.formats"]
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_I18N = True

# Files

STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "var" / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if DEMO:  # served from where they are: collecting and compressing would keep the first start waiting
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = True
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# Browser

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_NAME = "__Host-logisav" if SECURE else "logisav"
SESSION_COOKIE_AGE = 2 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_NAME = "__Host-jeton" if SECURE else "jeton"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SECURE
CSRF_TRUSTED_ORIGINS = [SITE_URL]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_SSL_REDIRECT = SECURE and env.bool("SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_CONTENT_TYPE_NOSNIFF = True
# `same-origin`: with `no-referrer` Chromium sends `Origin: null` and every form would be refused.
SECURE_REFERRER_POLICY = "same-origin"
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # The form that asks for a payment page is answered by a 303 to it, which Chromium counts as its action.
        "form-action": [SELF, *PAYMENT_PAGE_ORIGINS],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

AUTHENTICATION_BACKENDS = ["logisav.backend.StaffBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Logs: one line a record, secrets masked whatever wrote it

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"masked": {"()": "logisav.masking.MaskingFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "masked"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "propagate": True, "level": LOG_LEVEL},
        "django.server": {"handlers": [], "propagate": True},
        "fontTools": {"level": "ERROR"},
        "pyhanko": {"level": "WARNING"},
        # Its debug lines would hold what customers typed.
        "stripe": {"level": "WARNING"},
    },
}
