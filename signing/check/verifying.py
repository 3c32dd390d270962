"""Is this file one of the documents that we sealed, unchanged?"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

from signing import authorities, seal
from signing.models import SealedDocument
from signing.proof import certificates


def verify(data: bytes) -> dict[str, Any]:
    """Two answers side by side: what the seal alone tells, and whether the file's SHA-256 is in our register."""
    report = seal.check(data, trusted=certificates.ours(), authorities=authorities.configured())
    digest = hashlib.sha256(data).hexdigest()
    known = SealedDocument.objects.filter(sha256=digest).select_related("signature__quote").first()
    return asdict(report) | {
        "sha256": digest,
        "known_revision": known.revision if known else None,
        "quote": known.signature.quote.number if known else None,
        "reference": known.signature.reference if known else None,
        "genuine": report.intact and known is not None,
    }
