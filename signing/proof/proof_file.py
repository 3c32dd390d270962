"""« Dossier de preuve »: all that proves one acceptance in one ZIP, to be checked by hand without this software.

Nothing is computed that is not there already: stored files, rows of the journal, mails as they were written. The
ZIP goes into a temporary file and from there to whoever asked for it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from typing import IO

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.db.models.fields.files import FieldFile
from django.template.loader import render_to_string

from lib import files
from notifications.models import OutgoingEmail
from quotes.models import QuoteEvent
from signing.models import SealedDocument, Signature
from signing.proof import evidence

MEGABYTE = 1024 * 1024
MAX_SIZE = 100 * MEGABYTE
IN_MEMORY = 4 * MEGABYTE
BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
EARLIEST = (1980, 1, 1, 0, 0, 0)


class NotProvable(Exception):
    """There is no honest proof file to make; the message tells staff why, in French."""


@dataclass(frozen=True)
class Piece:
    name: str
    data: bytes


@dataclass(frozen=True)
class SealPlace:
    """Where the seal stands in the file, and what it covers (ISO 32000-1, 12.8.1)."""

    length: int
    restart: int
    rest: int
    envelope: bytes

    @property
    def end(self) -> int:
        return self.restart + self.rest


def write(signature: Signature, file: IO[bytes]) -> str:
    """The ZIP into `file`; its SHA-256. Raises NotProvable."""
    number = signature.quote.number
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for piece in with_hashes(pieces(signature)):
            entry = zipfile.ZipInfo(f"dossier-de-preuve-{number}/{piece.name}", EARLIEST)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, piece.data)
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    return digest


def temporary_file() -> IO[bytes]:
    """Gone as soon as it was sent."""
    return tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, prefix="logisav-preuve-")


def with_hashes(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces, and the list that `sha256sum --check` reads."""
    yield from pieces
    lines = (f"{hashlib.sha256(piece.data).hexdigest()}  {piece.name}\n" for piece in pieces)
    yield Piece("EMPREINTES.txt", "".join(lines).encode())


def pieces(signature: Signature) -> list[Piece]:
    document = signature.latest_document()
    if document is None:
        raise NotProvable("Le PDF signé se prépare encore : réessayez dans un instant.")
    signed = _as_registered(document.file, document.sha256)
    read = _as_registered(signature.version.pdf, signature.version.pdf_sha256)
    events = list(signature.quote.events.order_by("seq"))
    seal = seal_place(signed)
    certificates = _sealing_one_first(pkcs7.load_der_pkcs7_certificates(seal.envelope))
    found = [
        Piece("devis-signe.pdf", signed),
        Piece("devis-lu.pdf", read),
        Piece("devis-lu.json", signature.version.content.encode()),
        Piece("journal.json", journal_json(signature, events)),
        Piece("certificats.pem", b"".join(each.public_bytes(Encoding.PEM) for each in certificates)),
        *documents(signature),
        *mails(signature.quote.number),
    ]
    if sum(len(piece.data) for piece in found) > MAX_SIZE:
        raise NotProvable("Ce dossier dépasse 100 Mo : demandez-le à la personne qui tient le serveur.")
    words = _read_me(signature, document, seal, certificates[0], events, whole=len(signed) == seal.end)
    return [Piece("LISEZMOI.txt", words.encode()), *found]


def documents(signature: Signature) -> Iterator[Piece]:
    """Those that were handed over with the version, whatever their weight, and its photos."""
    content = signature.version.reading
    for number, document in enumerate(content.documents, start=1):
        yield Piece(
            f"documents/{number:02}-{document.sha256}.pdf", _as_registered(document.path, document.sha256)
        )
    for number, photo in enumerate(content.photos, start=1):
        yield Piece(f"photos/{number:02}-{photo.sha256}.jpg", _as_registered(photo.path, photo.sha256))


def _as_registered(stored: FieldFile | str, sha256: str) -> bytes:
    """A file that changed on its disk proves nothing, and nobody shall hand it over unawares."""
    try:
        return files.read(str(stored), sha256)
    except files.Damaged as damaged:
        what = "manque" if damaged.missing else "a changé"
        raise NotProvable(
            f"Un fichier de ce devis {what} sur le serveur : voyez ses sauvegardes."
        ) from damaged
    except OSError as error:
        raise NotProvable("Un fichier de ce devis ne se lit pas sur le serveur.") from error


def seal_place(pdf: bytes) -> SealPlace:
    """The first signature of the file is our seal; what follows it are time stamps over the whole."""
    found = BYTE_RANGE.search(pdf)
    if found is None:
        raise NotProvable("Le PDF enregistré ne porte pas de sceau.")
    _start, length, restart, rest = (int(number) for number in found.groups())
    return SealPlace(length, restart, rest, _der(bytes.fromhex(pdf[length + 1 : restart - 1].decode())))


def _der(padded: bytes) -> bytes:
    """The object without the zeros behind it: its length stands in its first bytes (X.690, 8.1.3)."""
    count = padded[1] & 0x7F if padded[1] & 0x80 else 0
    size = int.from_bytes(padded[2 : 2 + count]) if count else padded[1]
    return padded[: 2 + count + size]


def _sealing_one_first(certificates: list[x509.Certificate]) -> list[x509.Certificate]:
    """Then those who issued it, if anybody did."""
    issuers = {each.issuer for each in certificates if each.issuer != each.subject}
    return sorted(certificates, key=lambda each: each.subject in issuers)


def journal_json(signature: Signature, events: Sequence[QuoteEvent]) -> bytes:
    """The whole chain, each row as it was hashed; the same form as `preuve.json` (docs/evidence.md)."""
    document = {
        "schema": 1,
        "quote": signature.quote.number,
        "version_hash": signature.version_hash,
        "accepted": {"seq": signature.journal_seq, "hash": signature.journal_hash},
        "journal": [{"record": event.record, "hash": event.hash} for event in events],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


# Mails


def mails(number: str) -> Iterator[Piece]:
    """Every mail about this quote that a server took, in their order."""
    for rank, email in enumerate(_sent(number), start=1):
        name = f"mails/{rank:03}-{email.message.replace('/', '-')}.eml"
        yield Piece(name, rebuilt(email).as_bytes())


def _sent(number: str) -> QuerySet[OutgoingEmail]:
    sent = OutgoingEmail.objects.filter(about=number, state=OutgoingEmail.State.SENT)
    return sent.order_by("sent_at", "pk")


def rebuilt(email: OutgoingEmail) -> EmailMessage:
    """The mail from what is stored of it, where every link and code is ••••••."""
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((email.sender_name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))
    message["To"] = email.to
    if email.reply_to:
        message["Reply-To"] = email.reply_to
    message["Subject"] = email.subject
    if email.sent_at is not None:
        message["Date"] = format_datetime(email.sent_at.astimezone(dt.UTC))
    message["Message-ID"] = email.message_id
    message["X-Logisav-SMTP-Reply"] = email.smtp_reply
    message.set_content(email.text)
    message.add_alternative(email.html, subtype="html")
    for attachment in email.attachments:
        _attach(message, attachment)
    return message


def _attach(message: EmailMessage, attachment: dict[str, str]) -> None:
    kind, _, subtype = attachment["type"].partition("/")
    try:
        with default_storage.open(attachment["path"]) as file:
            message.add_attachment(
                file.read(), maintype=kind, subtype=subtype or "octet-stream", filename=attachment["name"]
            )
    except OSError:
        message.add_attachment(
            "Cette pièce jointe n'est plus sur le serveur.\n", filename=f"{attachment['name']}.txt"
        )


# How to check all that


def _read_me(
    signature: Signature,
    document: SealedDocument,
    seal: SealPlace,
    certificate: x509.Certificate,
    events: Sequence[QuoteEvent],
    *,
    whole: bool,
) -> str:
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    context = {
        "signature": signature,
        "document": document,
        "content": signature.version.reading,
        "seal": seal,
        "whole": whole,
        "fingerprint": f"sha256 Fingerprint={fingerprint}",
        "self_signed": certificate.issuer == certificate.subject,
        "read_size": signature.version.pdf.size,
        "content_sha256": signature.version.content_sha256,
        "pdf_sha256": signature.version.pdf_sha256,
        "last": events[-1],
        "paid": [event for event in events if event.kind == "deposit_paid"],
        "chosen": [event for event in events if event.kind == "options_chosen"],
        "asked": [event for event in events if event.kind == "asked"],
        "sent": _sent(signature.quote.number).filter(to=signature.email),
        "verify_url": evidence.verify_url(signature),
    }
    return render_to_string("signing/lisezmoi.txt", context)
