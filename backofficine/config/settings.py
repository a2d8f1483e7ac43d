"""Settings, read from the environment; each default is safe on one shop's computer."""

import os
import secrets
import sys
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

PACKAGE = Path(__file__).resolve().parent.parent


def _flag(name: str, *, default: bool) -> bool:
    return os.environ.get(name, str(default)).strip().lower() in {"1", "true", "yes", "oui"}


def _data_dir() -> Path:
    """Folder of this installation's files: database, keys, uploads."""
    given = os.environ.get("BACKOFFICINE_DATA_DIR")
    folder = Path(given).expanduser() if given else Path.cwd() / "var"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder.resolve()


def _secret_key(folder: Path) -> str:
    """The key that signs cookies, made once and kept beside the database."""
    given = os.environ.get("BACKOFFICINE_SECRET_KEY")
    if given:
        return given
    file = folder / "secret_key"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(50), encoding="ascii")
    return file.read_text(encoding="ascii").strip()


DATA_DIR = _data_dir()
SECRET_KEY = _secret_key(DATA_DIR)
DEBUG = _flag("BACKOFFICINE_DEBUG", default=False)
ALLOWED_HOSTS = os.environ.get("BACKOFFICINE_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [
    origin for origin in os.environ.get("BACKOFFICINE_ORIGINS", "").split(",") if origin
]

INSTALLED_APPS = [
    "backofficine.desk",
    "backofficine.twin",
    "backofficine.losses",
    "backofficine.planning",
    "backofficine.receiving",
    "backofficine.picture",
    "backofficine.promises",
    "backofficine.purchasing",
    "backofficine.stock",
    "backofficine.catalog",
    "backofficine.pharmacy",
    "backofficine.team",
    "backofficine.web",
    "backofficine.kernel",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "template_partials",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "backofficine.web.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "backofficine.web.middleware.ReadOnlyGet",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "backofficine.team.middleware.Identify",
    "backofficine.team.middleware.AutoLock",
    "backofficine.pharmacy.middleware.LocalTime",
]

ROOT_URLCONF = "backofficine.config.urls"
WSGI_APPLICATION = "backofficine.config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "backofficine.desk.context.frame",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "backofficine.web.templatetags.components",
            ],
        },
    }
]

# FULL: what was acknowledged survives a power cut. The demo's builder alone asks for NORMAL.
SQLITE_SYNCHRONOUS = os.environ.get("BACKOFFICINE_SQLITE_SYNCHRONOUS", "FULL")
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 60,  # opening a large shop's stock writes for half a minute
    "init_command": (
        f"PRAGMA journal_mode=WAL;PRAGMA synchronous={SQLITE_SYNCHRONOUS};"
        "PRAGMA recursive_triggers=ON;PRAGMA temp_store=MEMORY;PRAGMA mmap_size=134217728;"
        "PRAGMA journal_size_limit=67108864;PRAGMA cache_size=-32000;"
    ),
}
try:
    DATABASES: dict[str, Any] = {
        "default": dj_database_url.config(
            default=f"sqlite:///{DATA_DIR / 'backofficine.sqlite3'}", conn_health_checks=False
        )
    }
except ValueError:
    # The address may hold a password: it is not repeated.
    sys.exit(
        "DATABASE_URL n’est pas l’adresse d’une base connue. Écrivez "
        "postgres://utilisateur:motdepasse@serveur:5432/base, ou ôtez-la pour SQLite."
    )
DATABASES["default"]["CONN_MAX_AGE"] = None
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
else:
    # The pages ask the same questions all day: planned once a connection, and never compiled.
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}),
        "server_side_binding": True,
        "prepare_threshold": 3,
        "options": "-c jit=off -c random_page_cost=1.1",  # its files lie on a solid disk
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Files, because the processes of the server count failed logins together.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA_DIR / "cache",
    }
}

AUTH_USER_MODEL = "team.User"
AUTHENTICATION_BACKENDS = ["backofficine.team.backend.Backend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "backofficine.team.adapter.ClosedSignUp"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None  # no address is needed to work here
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_FORMS = {"login": "backofficine.team.login.PasswordForm"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_SESSION_REMEMBER = True

# Signed cookies: a page that only reads writes nothing, not even a session row.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, "'wasm-unsafe-eval'", NONCE],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "worker-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

LANGUAGE_CODE = "fr"
LOCALE_PATHS = [PACKAGE / "cli" / "locale", PACKAGE / "config" / "locale"]  # not Django apps
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"  # the edge only; the pharmacy's own zone is activated per request

STATIC_URL = "static/"
STATICFILES_DIRS = [PACKAGE / "static"]
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "uploads"
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

KEYS_DIR = Path(os.environ.get("BACKOFFICINE_KEYS_DIR", DATA_DIR / "keys"))
CLOCK_SHIFT_SECONDS = int(os.environ.get("BACKOFFICINE_CLOCK_SHIFT_SECONDS", "0"))
DEMO = _flag("BACKOFFICINE_DEMO", default=False)
LOCK_AFTER_MINUTES = int(os.environ.get("BACKOFFICINE_LOCK_AFTER_MINUTES", "15"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
