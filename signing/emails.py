"""What the signing application writes to people. Called inside the transaction of the fact that it tells."""

from __future__ import annotations

from lib import french
from notifications.models import OutgoingEmail
from notifications.outbox import Attachment
from notifications.strangers import defused
from quotes import emails as quote_emails
from quotes import links
from quotes.law import contract
from quotes.models import Quote
from signing.models import PaperAcceptance, SealedDocument, Signature, SigningRequest


def code(request: SigningRequest, *, code: str) -> OutgoingEmail:
    """The only mail that carries the code; it dies with it."""
    return quote_emails.to_customer(
        "signing/code",
        request.quote,
        to=request.email,
        context=quote_emails.amounts(request.version)
        | {
            "code_until": french.hour(request.expires_at),
            "deposit_label": request.version.reading.deposit_words,
        },
        secrets={"code": code},
        expires_at=request.expires_at,
    )


def accepted(signature: Signature) -> None:
    """The owner learns it at once; the customer's copy follows with the sealed PDF."""
    quote = signature.quote
    context = quote_emails.amounts(signature.version) | _signed(signature) | _rights(quote)
    context["meant_for"] = signature.meant_for
    text = f"{signature.full_name} a signé le devis {quote.number} ({context['total']})."
    if signature.meant_for:
        text += f" Il est établi pour {signature.meant_for}\u00a0: vérifiez qui s'engage."
    quote_emails.to_staff("signing/accepted_owner", quote, text=text, context=context)


def signed_copy(document: SealedDocument) -> None:
    """The acknowledgement, with the signed PDF and the way back."""
    signature = document.signature
    name = f"Devis signé {signature.quote.number}.pdf"
    quote_emails.to_customer(
        "signing/accepted",
        signature.quote,
        to=signature.email,
        context=quote_emails.amounts(signature.version) | _signed(signature) | _rights(signature.quote),
        attachments=[Attachment(name=name, type="application/pdf", path=str(document.file.name))],
    )


def accepted_on_paper(acceptance: PaperAcceptance) -> None:
    """The scan goes to the customer's own mailbox: whoever never signed anything says so."""
    quote = acceptance.quote
    suffix, kind = ("pdf", "application/pdf") if acceptance.is_pdf else ("jpg", "image/jpeg")
    context = _rights(quote) | {
        "signatory": acceptance.signatory,
        "signed_on": french.day(acceptance.signed_on),
    }
    quote_emails.to_customer(
        "signing/accepted_on_paper",
        quote,
        context=quote_emails.amounts(acceptance.version) | context,
        attachments=[
            Attachment(name=f"Devis signé {quote.number}.{suffix}", type=kind, path=str(acceptance.scan.name))
        ],
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
    quote_emails.to_staff("signing/stamp_missing_owner", quote, text=text, context=context)


def sealing_failed(quote: Quote, *, reason: str) -> None:
    quote_emails.stuck(
        quote,
        what="Le document signé n'a pas encore pu être scellé.",
        effect=(
            "La signature de votre client est enregistrée et le contrat est conclu, mais il n'a pas encore reçu son "
            "exemplaire. Logisav essaie encore, toutes les demi-heures au plus."
        ),
        to_do=(
            "Ne faites pas signer une seconde fois. Transmettez ce message à la personne qui administre Logisav\u00a0: "
            "dès que la cause est levée, l'exemplaire part tout seul. D'ici là, rassurez votre client par téléphone."
        ),
        reason=reason,
    )


def contradiction(quote: Quote, *, said: str, of_the_visit: bool) -> None:
    """Stopped before any code: where the customer signs, or as whom, is not what the version says."""
    text = f"La signature du devis {quote.number} est arrêtée : le client dit « {said} »."
    quote_emails.to_staff(
        "signing/contradiction_owner", quote, text=text, context={"said": said, "of_the_visit": of_the_visit}
    )


def paused(quote: Quote) -> None:
    text = f"La signature du devis {quote.number} est en pause : trop d'essais de code."
    quote_emails.to_staff("signing/paused_owner", quote, text=text, context={})


def _rights(quote: Quote) -> dict[str, object]:
    """What a customer may still do about the contract, and from when on its deposit may be paid."""
    facts = quote.law()
    money_from = contract.money_from(facts) if facts else None
    return {
        "can_withdraw": quote.withdrawal() is not None,
        "until": quote.withdrawal_until(),
        "function": links.withdrawal_address(quote),
        "deposit_label": f"Acompte, à partir du {french.day(money_from)}"
        if money_from
        else "Acompte à la commande",
    }


def _signed(signature: Signature) -> dict[str, str]:
    return {"signatory": defused(signature.full_name), "signed_at": french.moment(signature.signed_at)}
