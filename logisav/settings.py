"""The one settings file. Every value comes from the environment (see .env.example)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from kombu import Exchange, Queue

from logisav import refusals
from logisav.desk import menu
from logisav.environment import (
    demo_directory,
    demo_note,
    env,
    media_storage,
    one_of,
    payment_page_origins,
    read_demo_secrets,
    refuse_demo_in_production,
    refuse_open_key,
    required,
    secret,
)

BASE_DIR = Path(__file__).resolve().parent.parent
DEMO = refusals.switch("DEMO", default=False)
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
DEBUG = refusals.switch("DEBUG", default=False)
SECRET_KEY = secret("SECRET_KEY")
OTP_KEY = secret("OTP_KEY")
OUTBOX_KEY = secret("OUTBOX_KEY").split(",")
SEAL_PASSPHRASE = secret("SEAL_PASSPHRASE")
TSA_URLS = env.list("TSA_URLS", default=[])
SEAL_AUTHORITIES = env.str("SEAL_AUTHORITIES", default="")
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
# Blank ones are none: without any a key does not start.
STRIPE_WEBHOOK_SECRETS = [one for one in env.list("STRIPE_WEBHOOK_SECRETS", default=[]) if one.strip()]
STRIPE_API_URL = env.str("STRIPE_API_URL", default=stripe_stand_in).rstrip("/")
TRUSTED_PROXY_COUNT = refusals.number("TRUSTED_PROXY_COUNT", least=0, most=refusals.MOST_PROXIES, default=0)
# How many times over the limits of lib/limiter.py hold: more than 1 for a trial by load alone.
LIMITS_FACTOR = refusals.number("LIMITS_FACTOR", least=1, most=1000, default=1)
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = one_of("LOG_FORMAT", "text", "json", default="text")
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
if METRICS_TOKEN:
    # Before anything imports prometheus_client: the processes' shared folder.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = required("METRICS_DIR", "/run/logisav")
    Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).mkdir(mode=0o750, parents=True, exist_ok=True)
if SENTRY_DSN := env.str("SENTRY_DSN", default=""):
    from logisav import reporting

    reporting.start(SENTRY_DSN)
BACKUP_RECIPIENTS = env.list("BACKUP_RECIPIENT", default=[])
SECOND_FACTOR_REQUIRED = one_of(
    "SECOND_FACTOR_REQUIRED", "nobody", "managers", "everybody", default="nobody" if DEMO else "everybody"
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
refusals.refuse_site(SITE_URL, debug=DEBUG, hosts=ALLOWED_HOSTS)
refusals.refuse_weak_secrets(SECRET_KEY=SECRET_KEY, OTP_KEY=OTP_KEY)
refusals.refuse_malformed_outbox_key(OUTBOX_KEY)
refusals.refuse_broker(CELERY_BROKER_URL)
refusals.refuse_mail(email_url, sender=DEFAULT_FROM_EMAIL)
refusals.refuse_stripe(
    key=STRIPE_SECRET_KEY, webhook_secrets=STRIPE_WEBHOOK_SECRETS, site_url=SITE_URL, debug=DEBUG
)
PAYMENT_PAGE_ORIGINS = payment_page_origins(
    key=STRIPE_SECRET_KEY, webhook_secrets=STRIPE_WEBHOOK_SECRETS, stand_in=STRIPE_API_URL
)

# Applications

INSTALLED_APPS = [
    "logisav",
    *(["demo"] if DEMO else []),
    "logisav.desk",
    "logisav.staff",
    "signing",
    "payments",
    "quotes",
    "notifications",
    "lib",
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
    "logisav.middleware.followed",
    *(["demo.middleware.LocalOnly"] if DEMO else []),
    "django.middleware.security.SecurityMiddleware",
    "logisav.middleware.sound_requests",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "logisav.middleware.browser_rules",
    "csp.middleware.CSPMiddleware",
    "logisav.desk.policy.desk_policy",
    "logisav.middleware.Unavailable",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "logisav.staff.unattended.unattended",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "logisav.middleware.SoundFields",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "logisav.staff.gate.second_factor_gate",
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
                "quotes.pages.views.with_company",
            ]
        },
    }
]

# Database: SQLite tuned for a real web application, PostgreSQL by DATABASE_URL

DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url_config(database_url)}
database = DATABASES["default"]
refusals.refuse_database(database)
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
    # A pool by transactions (PgBouncer) hands each transaction to another session: nothing may outlive it.
    pooled = env.bool("DATABASE_POOLED", default=False)
    database |= {
        "CONN_MAX_AGE": 0 if pooled else 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": pooled,
    }
    database.setdefault("OPTIONS", {}).update(connect_timeout=5, prepare_threshold=None)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache_url_config(env.str("CACHE_URL", default="locmemcache://"))}

# Celery: a nudge beside the database, so it may fail fast. A lane of its own for what a person waits for: links and
# codes (`urgent`, chosen by the outbox). `logisav`: all other mails, and what was queued before there were lanes.

CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_DEFAULT_QUEUE = "logisav"
# With an exchange and a key of its own each: those without would share the default ones, and every message.
CELERY_TASK_QUEUES = [
    Queue(lane, Exchange(lane), routing_key=lane) for lane in ("urgent", "logisav", "work", "payments")
]
CELERY_TASK_ROUTES = {
    "quotes.render": {"queue": "work"},
    "quotes.render_draft": {"queue": "work"},
    "quotes.mend": {"queue": "work"},
    "signing.seal": {"queue": "work"},
    "payments.send_refund": {"queue": "payments"},
}
# Shorter than a claim (notifications/queue), so that no row is taken up while somebody is still at it.
CELERY_TASK_SOFT_TIME_LIMIT = 150
CELERY_TASK_TIME_LIMIT = 170
CELERY_TIMEZONE = "Europe/Paris"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {"max_retries": 0, "socket_timeout": 2, "socket_connect_timeout": 0.5}
    if CELERY_BROKER_URL.startswith("redis")
    else {"max_retries": 0, "connect_args": {"timeout": 2}}
)

# Mail, always through the outbox

EMAIL_CONFIG = env.email_url_config(email_url)
EMAIL_HOST = EMAIL_CONFIG["EMAIL_HOST"]
EMAIL_PORT = EMAIL_CONFIG["EMAIL_PORT"] or 25
EMAIL_HOST_USER = EMAIL_CONFIG["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = EMAIL_CONFIG["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = EMAIL_CONFIG.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL_CONFIG.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = refusals.number("EMAIL_TIMEOUT", least=1, most=60, default=15)

# The owner's desk

UNFOLD = menu.UNFOLD

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
refusals.refuse_served_media(Path(MEDIA_ROOT), static=[Path(STATIC_ROOT), *STATICFILES_DIRS])
MEDIA_URL = "/media/"
# Copies of the stored files, mounted to be read: where a damaged one is looked for (lib/files.py).
BACKUP_DIRS = env.list("BACKUP_DIRS", default=[])
STORAGES = {
    "default": media_storage(),
    # Open to the proxy, which serves them as another user.
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
        "OPTIONS": {"file_permissions_mode": 0o644, "directory_permissions_mode": 0o755},
    },
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
SESSION_ENGINE = "logisav.staff.models.session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_NAME = "__Host-jeton" if SECURE else "jeton"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SECURE
CSRF_TRUSTED_ORIGINS = [SITE_URL]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_SSL_REDIRECT = SECURE and refusals.switch("SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
A_YEAR = 365 * 24 * 3600
SECURE_HSTS_SECONDS = (
    refusals.number("SECURE_HSTS_SECONDS", least=0, most=2 * A_YEAR, default=A_YEAR) if SECURE else 0
)
# They bind other sites of the company's domain: only whoever owns it asks for them, so Django's advice is silenced.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE and refusals.switch("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = SECURE and refusals.switch("SECURE_HSTS_PRELOAD", default=False)
refusals.refuse_half_hsts(
    seconds=SECURE_HSTS_SECONDS, subdomains=SECURE_HSTS_INCLUDE_SUBDOMAINS, preload=SECURE_HSTS_PRELOAD
)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
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
        "object-src": [NONE],
        "base-uri": [NONE],
    }
}

AUTHENTICATION_BACKENDS = ["logisav.staff.backend.StaffBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "logisav.staff.passwords.NotTheCompanysName"},
]

# Logs: one line a record, secrets masked whatever wrote it

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"masked": {"()": "logisav.masking.formatter", "form": LOG_FORMAT}},
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
