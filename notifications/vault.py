"""Secrets on their way to a mail: encrypted at rest, readable only while the mail is sent.

OUTBOX_KEY is a list, so that a key can be replaced: the first one encrypts, all of them decrypt.
"""

from __future__ import annotations

import json
import re

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

MASK = "••••••"
Secrets = dict[str, str]


def seal(secrets: Secrets) -> bytes:
    return _keys().encrypt(json.dumps(secrets).encode())


def unseal(sealed: bytes | memoryview) -> Secrets:
    """Raises cryptography.fernet.InvalidToken when no key fits."""
    opened: Secrets = json.loads(_keys().decrypt(bytes(sealed)))
    return opened


def masked(secrets: Secrets) -> Secrets:
    """The same names, nothing to read."""
    return dict.fromkeys(secrets, MASK)


def scrub(text: str, secrets: Secrets) -> str:
    """A text that came from outside and may quote one of the secrets, whole, cut or spaced."""
    for value in secrets.values():
        for token in re.findall(r"[\w-]{20,}", value):
            text = re.sub(re.escape(token[:8]) + r"[\w-]*", MASK, text)
        text = re.sub(r"\s?".join(map(re.escape, value)), MASK, text)
    return text


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key.strip()) for key in settings.OUTBOX_KEY])
