"""Settings of the tests: the same house, plain static files, keys in a folder thrown away."""

import atexit
import os
import shutil
import tempfile

if "BACKOFFICINE_DATA_DIR" not in os.environ:
    # The workers of pytest-xdist inherit the folder; only the process that made it removes it.
    os.environ["BACKOFFICINE_DATA_DIR"] = tempfile.mkdtemp(prefix="backofficine-test-")
    atexit.register(shutil.rmtree, os.environ["BACKOFFICINE_DATA_DIR"], ignore_errors=True)
# Databases of tests are thrown away: no need to survive a power cut.
os.environ.setdefault("BACKOFFICINE_SQLITE_SYNCHRONOUS", "OFF")
os.environ.setdefault("BACKOFFICINE_SECRET_KEY", "a-key-for-tests-alone")

from backofficine.config.settings import *  # noqa: F403
from backofficine.config.settings import DATABASES, STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# A fast hasher for the many users that tests make; the tests of PINs and passwords ask for Argon2.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]
DATABASES["default"].setdefault("TEST", {})
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: competing writers need more than one connection.
    DATABASES["default"]["TEST"]["NAME"] = os.path.join(  # noqa: PTH118
        os.environ["BACKOFFICINE_DATA_DIR"], "test.sqlite3"
    )
ALLOWED_HOSTS = ["*"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# Static files straight from their folders: nothing is collected before a test.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
