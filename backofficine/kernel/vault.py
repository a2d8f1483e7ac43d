"""Secrets at rest: one data key a month, in files outside the database and its backups.

Destroying a month's key erases what was written that month everywhere it was copied. Lookups use
keyed hashes under another key, so that nothing can be searched without the installation.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
from datetime import date
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.errors import DomainError


class Erased(DomainError):
    message = _("This contact has been erased. Ask the patient again.")


def month_of(day: date) -> str:
    """The name of a month's key: ``2026-11``."""
    return f"{day:%Y-%m}"


def _folder() -> Path:
    folder = Path(settings.KEYS_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _read_or_make(name: str, make: bytes) -> bytes:
    path = _folder() / name
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        pass
    # Written whole under a name of its own, then given its name if nobody took it meanwhile: two
    # workers that start together agree on one key, and a power cut leaves a key or none.
    draft = path.with_name(f"{name}.{secrets.token_hex(8)}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as writable:
            writable.write(make)
            writable.flush()
            os.fsync(writable.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    _keep_names(path.parent)
    return path.read_bytes().strip()


def _keep_names(folder: Path) -> None:
    """Make the names of a folder survive a power cut, as the files do."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _fernet(month: str, *, create: bool) -> Fernet:
    name = f"month-{month}.key"
    if create:
        return Fernet(_read_or_make(name, Fernet.generate_key()))
    try:
        file = os.stat(os.path.join(settings.KEYS_DIR, name))  # noqa: PTH116, PTH118 - a board asks forty times
    except FileNotFoundError:
        # Whoever destroyed the key, this process too forgets it.
        _key_of.cache_clear()
        raise Erased from None
    return _key_of(str(settings.KEYS_DIR), name, (file.st_ino, file.st_mtime_ns, file.st_size))


@lru_cache(maxsize=32)
def _key_of(folder: str, name: str, _version: tuple[int, int, int]) -> Fernet:
    """The key in a file, read again once the file is another."""
    return Fernet((Path(folder) / name).read_bytes().strip())


def encrypt(text: str, *, month: str) -> str:
    """``text`` under the key of ``month``, made if it is the month's first secret."""
    return _fernet(month, create=True).encrypt(text.encode()).decode("ascii")


def decrypt(cipher: str, *, month: str) -> str:
    """The text; raises :class:`Erased` once the month's key is destroyed."""
    try:
        return _fernet(month, create=False).decrypt(cipher.encode("ascii")).decode()
    except InvalidToken as error:
        raise Erased from error


def destroy_month(month: str) -> bool:
    """Destroy a month's key: whatever it closed stays closed. ``False`` if there was none."""
    path = _folder() / f"month-{month}.key"
    if not path.exists():
        return False
    size = path.stat().st_size
    with path.open("r+b") as writable:
        writable.write(secrets.token_bytes(size))
        writable.flush()
        os.fsync(writable.fileno())
    path.unlink()
    return True


def lookup_hash(kind: str, text: str) -> str:
    """A keyed hash (HMAC-SHA-256, hexadecimal) by which an exact text can be found, never read."""
    key = _read_or_make("lookup.key", secrets.token_hex(32).encode("ascii"))
    return hmac.new(key, f"{kind}\x00{text}".encode(), hashlib.sha256).hexdigest()
