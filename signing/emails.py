"""What the signing application writes to people. Called inside the transaction of the fact that it tells."""

from __future__ import annotations

from notifications.models import OutgoingEmail
from notifications.outbox import Attachment
from quotes import emails as quote_emails
from quotes import french
from quotes.models import Customer, Quote
from signing.models import SealedDocument, Signature, SigningRequest


def code(request: SigningRequest, *, code: str) -> OutgoingEmail:
    """The only mail that carries the code; it dies with it."""
    return quote_emails.to_customer(
        "signing/code",
        request.quote,
        to=request.email,
        context=quote_emails.amounts(request.version) | {"code_until": french.hour(request.expires_at)},
        secrets={"code": code},
        expires_at=request.expires_at,
    )


def accepted(signature: Signature) -> None:
    """The owner learns it at once; the customer's copy follows with the sealed PDF."""
    quote = signature.quote
    context = quote_emails.amounts(signature.version) | _signed(signature)
    text = f"{signature.full_name} a signé le devis {quote.number} ({context['total']})."
    quote_emails.to_staff("signing/accepted_owner", quote, kind="accepted", text=text, context=context)


def signed_copy(document: SealedDocument) -> None:
    """The acknowledgement, with the signed PDF and the way back."""
    signature = document.signature
    name = f"Devis signé {signature.quote.number}.pdf"
    quote_emails.to_customer(
        "signing/accepted",
        signature.quote,
        to=signature.email,
        context=quote_emails.amounts(signature.version) | _signed(signature),
        attachments=[Attachment(name=name, type="application/pdf", path=str(document.file.name))],
    )


def sealing_late(signature: Signature) -> None:
    quote_emails.to_customer(
        "signing/sealing_late", signature.quote, to=signature.email, context=_signed(signature)
    )


def stamp_missing(signature: Signature) -> None:
    """A day without an authority: the owner chooses."""
    quote = signature.quote
    text = f"Le document signé du devis {quote.number} attend un horodatage depuis 24 h : à vous de choisir."
    context = _signed(signature) | {"reason": signature.error}
    quote_emails.to_staff(
        "signing/stamp_missing_owner", quote, kind="stamp_missing", text=text, context=context
    )


def contradiction(quote: Quote, *, place: str, kind: str) -> None:
    """Stopped before any code: where the customer signs, or as whom, is not what the version says."""
    said = f"{Customer.Kind(kind).label}, {Quote.Contract(place).label.lower()}"
    text = f"La signature du devis {quote.number} est arrêtée : le client dit « {said} »."
    quote_emails.to_staff(
        "signing/contradiction_owner", quote, kind="contradiction", text=text, context={"said": said}
    )


def paused(quote: Quote) -> None:
    text = f"La signature du devis {quote.number} est en pause : trop d'essais de code."
    quote_emails.to_staff("signing/paused_owner", quote, kind="paused", text=text, context={})


def _signed(signature: Signature) -> dict[str, str]:
    return {"signatory": signature.full_name, "signed_at": french.moment(signature.signed_at)}
