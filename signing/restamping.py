"""Archived documents get a fresh time stamp in their next revision, which begins with the bytes of the old one."""

from __future__ import annotations

from django.conf import settings

from lib import files
from signing import authorities, seal, stamps
from signing.models import SealedDocument, Signature


class NotAsStored(Exception):
    """The stored file is not the one that was written down: it is never stamped."""


def restamp(signature: Signature) -> SealedDocument | None:
    """None for a document that is not at level B-LTA. Raises what the authorities and the key raise."""
    document = signature.latest_document()
    if document is None or document.level != SealedDocument.Level.B_LTA:
        return None
    try:
        data = files.recovered(str(document.file), document.sha256)
    except files.Damaged as damaged:
        raise NotAsStored(f"{document} : {damaged}") from damaged
    signer = seal.load_signer(settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE)
    stamped = seal.restamp(data, signer, authorities.configured())
    return stamps.add_revision(
        document.pk,
        file=files.store(stamped, folder="signed"),
        sha256=files.sha256_of(stamped),
    )
