"""Django's settings, made from the one typed Config."""

import hashlib
import hmac
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url

from creamery import config

CONFIG = config.load()

# Without a kept secret (checks, generated docs) each process has one of its own: never a known default.
_SECRET = CONFIG.secret or secrets.token_hex(32)


def derived_key(purpose: str) -> bytes:
    """Derive the key for one purpose, so that no two uses share one."""
    return hmac.digest(_SECRET.encode(), b"creamery:" + purpose.encode(), hashlib.sha256)


SECRET_KEY = derived_key("django").hex()
DEBUG = False
ALLOWED_HOSTS = ["*"]  # Links are made from the public URL, never from the Host header.
USE_X_FORWARDED_HOST = False

_PUBLIC = urlsplit(CONFIG.public_url)
_SECURE = _PUBLIC.scheme == "https"
FORCE_SCRIPT_NAME = CONFIG.public_path or None
CSRF_TRUSTED_ORIGINS = [f"{_PUBLIC.scheme}://{_PUBLIC.netloc}"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
# Browsers keep such a cookie to this host, and __Host- to its root; other sites below the same domain cannot set it.
_GUARD = "" if not _SECURE else "__Secure-" if CONFIG.public_path else "__Host-"
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_GUARD}session", f"{_GUARD}csrf"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = (CONFIG.public_path or "") + "/"
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # No cookie more.
CSRF_FAILURE_VIEW = "creamery.web.pages.errors.forged_form"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "creamery.kernel",
    "creamery.accounts",
    "creamery.catalog",
    "creamery.safety",
    "creamery.web",
    "creamery",
]
MIDDLEWARE = [
    "creamery.web.middleware.safe_headers",
    "creamery.web.middleware.no_nul",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "creamery.web.middleware.refusals_become_pages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "creamery.web.middleware.who_asks",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "creamery.urls"
WSGI_APPLICATION = None
APPEND_SLASH = True
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "DIRS": [Path(__file__).parent / "publish" / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "creamery.web.look.context",
            ]
        },
    }
]

DATABASES = {"default": dj_database_url.parse(CONFIG.database_url, conn_max_age=None, conn_health_checks=True)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["ENGINE"] = "creamery.kernel.sqlite"
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL: a commit that was answered survives a power cut.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-16000",
    }
else:
    DATABASES["default"]["OPTIONS"] = {"connect_timeout": 5, "application_name": "creamery"}
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["creamery.accounts.log_in.PersonBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
if CONFIG.breached_passwords:
    AUTH_PASSWORD_VALIDATORS.append(
        {"NAME": "creamery.accounts.breaches.NotBreached", "OPTIONS": {"folder": CONFIG.breached_passwords}}
    )
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]  # Grows with the catalogues in web/locale.
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LOCALE_PATHS = [Path(__file__).parent / "web" / "locale"]

STATIC_URL = f"{CONFIG.public_path}/static/"  # Absolute: a relative one is fixed before a request tells its prefix.
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 31_536_000  # Addresses carry the content's hash (web/look.py).

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING_CONFIG = None  # kernel.logs sets logging up, for Django and for the rest alike.
TEST_RUNNER = "django.test.runner.DiscoverRunner"
