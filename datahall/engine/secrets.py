"""Secrets as Pulumi's passphrase provider keeps them.

The key is PBKDF2-HMAC-SHA256 of the passphrase (1,000,000 rounds, 8 bytes of salt), the cipher
AES-256-GCM with a nonce of 12 bytes; a ciphertext is `v1:NONCE:CIPHER` in base64. A stack's
`encryptionsalt` is `v1:SALT:` and the word `pulumi`, encrypted, by which a wrong passphrase shows.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import threading
from concurrent.futures import Future
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from datahall.engine.errors import BrokenState, MissingPassphrase

_ROUNDS = 1_000_000
_CHECK = "pulumi"


@lru_cache(maxsize=64)
def _derive(passphrase: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, _ROUNDS, 32)


class Cipher:
    """Encrypts and decrypts with one key."""

    def __init__(self, key: bytes) -> None:
        self._aes = AESGCM(key)

    def encrypt(self, plaintext: str) -> str:
        """`v1:NONCE:CIPHER`."""
        nonce = os.urandom(12)
        sealed = self._aes.encrypt(nonce, plaintext.encode(), None)
        return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, ciphertext: str) -> str:
        """The plaintext. Raises ValueError for what this key did not encrypt."""
        parts = ciphertext.split(":")
        if len(parts) != 3 or parts[0] != "v1":
            raise ValueError("not a v1 ciphertext")
        try:
            nonce, sealed = (base64.b64decode(part, validate=True) for part in parts[1:])
            return self._aes.decrypt(nonce, sealed, None).decode()
        except (binascii.Error, InvalidTag, ValueError, UnicodeDecodeError):
            raise ValueError("not encrypted with this passphrase") from None


class Crypter:
    """A stack's secrets: derives the key in the background and remembers what it encrypted.

    `salt_state` is the stack's `encryptionsalt`, or None for a new one; `advice` is added to what a wrong
    passphrase raises. An unchanged secret keeps its
    ciphertext, so that an unchanged resource is written as it was.
    """

    def __init__(self, passphrase: str, salt_state: str | None = None, *, advice: str = "") -> None:
        self._given, self._advice = salt_state, advice
        self._ready: Future[tuple[str, Cipher]] = Future()
        self._known: dict[str, str] = {}
        threading.Thread(target=self._prepare, args=(passphrase,), daemon=True).start()

    def _prepare(self, passphrase: str) -> None:
        try:
            self._ready.set_result(_open(passphrase, self._given))
        except MissingPassphrase as error:
            self._ready.set_exception(MissingPassphrase(f"{error}{self._advice}"))
        except BrokenState as error:
            self._ready.set_exception(error)

    @property
    def salt_state(self) -> str:
        """The `encryptionsalt`. Raises MissingPassphrase for a wrong passphrase."""
        return self._ready.result()[0]

    def encrypt(self, plaintext: str) -> str:
        """The ciphertext, the same one as before for the same text."""
        cipher = self._ready.result()[1]
        known = self._known.get(plaintext)
        if known is None:
            known = self._known.setdefault(plaintext, cipher.encrypt(plaintext))
        return known

    def decrypt(self, ciphertext: str) -> str:
        """The plaintext. Raises MissingPassphrase when the passphrase is not the one."""
        try:
            plaintext = self._ready.result()[1].decrypt(ciphertext)
        except ValueError as error:
            raise MissingPassphrase(f"passphrase: a secret is {error}; give the stack's own") from None
        self._known.setdefault(plaintext, ciphertext)
        return plaintext


def _open(passphrase: str, salt_state: str | None) -> tuple[str, Cipher]:
    if salt_state is None:
        salt = os.urandom(8)
        cipher = Cipher(_derive(passphrase, salt))
        return f"v1:{base64.b64encode(salt).decode()}:{cipher.encrypt(_CHECK)}", cipher
    parts = salt_state.split(":", 2)
    if len(parts) != 3 or parts[0] != "v1":
        raise BrokenState("encryptionsalt: not of the form v1:SALT:CHECK; restore the stack's configuration")
    try:
        salt = base64.b64decode(parts[1], validate=True)
    except binascii.Error:
        raise BrokenState("encryptionsalt: not base64; restore the stack's configuration") from None
    cipher = Cipher(_derive(passphrase, salt))
    try:
        right = cipher.decrypt(parts[2]) == _CHECK
    except ValueError:
        right = False
    if not right:
        raise MissingPassphrase(
            "passphrase: not the one that the stack's secrets were encrypted with; "
            "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"
        )
    return salt_state, cipher
