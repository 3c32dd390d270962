"""Archived documents get a fresh time stamp in their next revision, which begins with the bytes of the old one."""

from __future__ import annotations

import hashlib

from django.conf import settings

from quotes import rendering
from signing import authorities, seal, stamps
from signing.models import SealedDocument, Signature


class NotAsStored(Exception):
    """The stored file is not the one that was written down: it is never stamped."""


def restamp(signature: Signature) -> SealedDocument | None:
    """None for a document that is not at level B-LTA. Raises what the authorities and the key raise."""
    document = signature.document
    if document is None or document.level != SealedDocument.Level.B_LTA:
        return None
    with document.file.open("rb") as file:
        data = bytes(file.read())
    if hashlib.sha256(data).hexdigest() != document.sha256:
        raise NotAsStored(f"{document} : le fichier a changé")
    signer = seal.load_signer(settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE)
    stamped = seal.restamp(data, signer, authorities.configured())
    return stamps.add_revision(
        document.pk,
        file=rendering.store(stamped, folder="signed"),
        sha256=hashlib.sha256(stamped).hexdigest(),
    )
