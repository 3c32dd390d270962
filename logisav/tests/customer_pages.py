"""How a browser comes to each page that a customer can see: one function per page, by its real way."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page

from logisav.tests.check_pages import CHECK_PAGES
from payments import workflow as payments_workflow
from payments.models import Deposit, Payment, Refund
from payments.tests.factories import make_paying_company
from quotes import workflow
from quotes.journal import Actor
from quotes.models import AccessLink, Company, Quote, QuoteVersion
from quotes.tests.factories import (
    make_business,
    make_link,
    make_sent_quote,
    secrets_of,
    send_again,
    withdraw_at_once,
)
from signing import workflow as signing_workflow
from signing.models import CODES_A_WINDOW, SealedDocument, Signature, SigningRequest
from signing.tests.factories import let_the_minute_pass, make_signature, make_signing_request

TEMPLATES = settings.BASE_DIR / "templates"
SYSTEM = Actor.system()
CUSTOMER = Actor("customer", ip="203.0.113.24", agent="Tests")
SIGN = "Signer – commande avec obligation de paiement"
ITEM = {"quantity": Decimal("2.5"), "unit": "m", "unit_price": Decimal("1234.5"), "vat_rate": Decimal("5.5")}
TEN_LINES: tuple[dict[str, Any], ...] = (
    {"kind": "section", "label": "Dépose"},
    {
        "label": "Dépose de la chaudière",
        "unit": "forfait",
        "unit_price": Decimal(420),
        "vat_rate": Decimal(10),
    },
    {"kind": "section", "label": "Fourniture et pose", "description": "Matériel garanti cinq ans."},
    *({"label": f"Raccordement du circuit {rank}", **ITEM, "discount": Decimal(5)} for rank in range(1, 10)),
    {"kind": "text", "label": "L'échafaudage est fourni par vos soins."},
    {"label": "Thermostat d'ambiance", "unit": "unité", "unit_price": Decimal(249), "option": True},
)
TEXTS = {
    "intro": "À la suite de notre visite, voici notre proposition.\n\nLes radiateurs sont conservés.",
    "outro": "Nous restons à votre écoute.",
    "conditions": "Solde à la mise en service.",
    "worksite": "12 chemin des Vignes\n69450 Saint-Cyr-au-Mont-d'Or",
    "start": "3 semaines après la signature",
    "duration": "2 jours",
}


def full_quote(**fields: Any) -> Quote:
    return make_sent_quote(**{"lines": TEN_LINES} | TEXTS | fields)


def come_in(page: Page, site: str, quote: Quote) -> Quote:
    """By the mailed link."""
    page.goto(site + make_link(quote)[1])
    return quote


def fill_form(page: Page, *, phone: str = "06 39 98 12 34", place: str = "à distance") -> None:
    page.get_by_label("Prénom").fill("Claire")
    page.get_by_label("Nom", exact=True).fill("Morel")
    for summary in ("Ce n'est pas le cas", "Changer"):
        if (folded := page.locator("details:not([open]) > summary").filter(has_text=summary)).count():
            folded.click()
    page.get_by_label("en tant que particulier").check()
    page.get_by_label(place).check()
    page.get_by_label("Téléphone").fill(phone)
    for box in page.locator('[name^="consent_"]:not([name="consent_early_start"])').all():
        box.check()


def contradiction(page: Page, site: str) -> None:
    come_in(page, site, full_quote())
    page.get_by_role("link", name="Accepter et signer").click()
    fill_form(page, place="chez moi")
    page.get_by_role("button", name="Recevoir mon code par mail").click()


def withdrawal(page: Page, site: str) -> None:
    accepted(page, site)
    page.get_by_role("link", name="Renoncer au contrat ici").first.click()


def withdrawal_declared(page: Page, site: str) -> None:
    withdrawal(page, site)
    page.get_by_role("button", name="Confirmer la rétractation").click()
    page.get_by_role("heading", name="Votre rétractation est déclarée").wait_for()


def declared_openly(page: Page, site: str) -> None:
    page.goto(f"{site}{full_quote().get_absolute_url()}retractation/")
    page.get_by_label("Votre nom").fill("Claire Morel")
    page.get_by_role("button", name="Confirmer la rétractation").click()
    page.get_by_role("heading", name="Votre déclaration est reçue").wait_for()


def asked_whether_it_was_they(page: Page, site: str) -> None:
    quote = signed_quote()
    workflow.declare(quote.pk, name="Claire Morel", email="", actor=CUSTOMER)
    page.goto(f"{site}/{secrets_of('quotes/declared', quote)['page'].split('/', 3)[3]}")


def ask_for_code(page: Page, site: str, quote: Quote | None = None) -> SigningRequest:
    quote = come_in(page, site, quote or full_quote())
    page.get_by_role("link", name="Accepter et signer").click()
    fill_form(page)
    page.get_by_role("button", name="Recevoir mon code par mail").click()
    page.wait_for_url("**/signer/code/")
    return SigningRequest.objects.latest("pk")


def type_code(page: Page, code: str) -> None:
    page.get_by_label("Code à 6 chiffres").fill(code)
    page.get_by_role("button", name=SIGN).click()


def code_of(request: SigningRequest) -> str:
    return secrets_of("signing/code", request.quote)["code"]


def seal(signature: Signature) -> None:
    """A stand-in for the sealed PDF: pages only need to know that it is there."""
    document = b"%PDF-1.7\n% scelle\n%%EOF\n"
    digest = hashlib.sha256(document).hexdigest()
    name = default_storage.save(f"signed/{digest}.pdf", ContentFile(document))
    signing_workflow.complete_sealing(
        signature.pk, file=name, sha256=digest, level=SealedDocument.Level.B_B, reason="Essai."
    )


def give_logo() -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 40), "#c8502a").save(file, "PNG")
    company = Company.objects.get()
    company.logo = ContentFile(file.getvalue(), name="logo.png")
    company.save()


def with_thread(quote: Quote) -> Quote:
    workflow.ask(quote.pk, text="Le bruit gênera-t-il nos voisins ?", phone="", actor=CUSTOMER)
    question = quote.questions.get()
    workflow.answer(
        question.pk, text="Non, elle est posée sur plots.\n\nÀ bientôt.", author=quote.owner, actor=SYSTEM
    )
    workflow.ask(quote.pk, text="Peut-on commencer en janvier ?", phone="06 39 98 12 34", actor=CUSTOMER)
    return quote


# The quote and what is done from it


def quote(page: Page, site: str) -> None:
    come_in(page, site, with_thread(full_quote()))


def quote_of_a_business(page: Page, site: str) -> None:
    come_in(page, site, full_quote(customer=make_business(), deposit_kind="none"))


def quote_of_extremes(page: Page, site: str) -> None:
    """Words without end and amounts of a large building site."""
    line = {
        "label": "X" * 150,
        "unit": "mètres carrés posés",
        "quantity": Decimal(8000),
        "unit_price": Decimal(98765),
    }
    section = {"kind": "section", "label": "S" * 150}
    come_in(page, site, full_quote(title="Très long objet " * 9, lines=(section, line), intro="w" * 400))


def question(page: Page, site: str) -> None:
    come_in(page, site, with_thread(full_quote()))
    page.get_by_role("link", name="Poser une question").click()


def question_with_errors(page: Page, site: str) -> None:
    come_in(page, site, full_quote())
    page.get_by_role("link", name="Poser une question").click()
    page.get_by_label("Votre message").fill("court")
    page.get_by_label("Téléphone").fill("12")
    page.get_by_role("button", name="Envoyer ma question").click()
    page.get_by_role("alert").wait_for()


def refusal(page: Page, site: str) -> None:
    come_in(page, site, full_quote())
    page.get_by_role("link", name="Refuser").click()


def terms(page: Page, site: str) -> None:
    come_in(page, site, full_quote())
    page.get_by_role("link", name=re.compile("Conditions générales")).click()


# Signing


def sign_form(page: Page, site: str) -> None:
    come_in(page, site, full_quote(customer=make_business()))
    page.get_by_role("link", name="Accepter et signer").click()


def sign_form_with_errors(page: Page, site: str) -> None:
    come_in(page, site, full_quote())
    page.get_by_role("link", name="Accepter et signer").click()
    page.get_by_label("Téléphone").fill("0478")
    page.get_by_role("button", name="Recevoir mon code par mail").click()
    page.get_by_role("alert").wait_for()


def sign_form_on_a_short_link(page: Page, site: str) -> None:
    come_in(page, site, full_quote())
    AccessLink.objects.update(expires_at=timezone.now() + dt.timedelta(minutes=10))
    page.get_by_role("link", name="Accepter et signer").click()


def code(page: Page, site: str) -> None:
    ask_for_code(page, site)


def code_late(page: Page, site: str) -> None:
    request = ask_for_code(page, site)
    SigningRequest.objects.filter(pk=request.pk).update(created_at=timezone.now() - dt.timedelta(seconds=90))
    page.reload()


def code_wrong(page: Page, site: str) -> None:
    request = ask_for_code(page, site)
    type_code(page, f"{(int(code_of(request)) + 1) % 1_000_000:06}")


def code_expired(page: Page, site: str) -> None:
    request = ask_for_code(page, site)
    SigningRequest.objects.filter(pk=request.pk).update(expires_at=timezone.now())
    page.reload()


def code_without_tries(page: Page, site: str) -> None:
    request = ask_for_code(page, site)
    SigningRequest.objects.filter(pk=request.pk).update(tries=5)
    type_code(page, "000000")


def code_of_another_browser(page: Page, site: str) -> None:
    wanted = full_quote()
    make_signing_request(wanted)
    come_in(page, site, wanted)
    page.goto(f"{site}{wanted.get_absolute_url()}signer/code/")


def changed_meanwhile(page: Page, site: str) -> None:
    request = ask_for_code(page, site)
    send_again(request.quote, title="Une pompe plus grande")
    page.reload()


def paused(page: Page, site: str) -> None:
    wanted = full_quote()
    for _ in range(CODES_A_WINDOW):
        make_signing_request(wanted)
        let_the_minute_pass(wanted, seconds=300)
    come_in(page, site, wanted)
    page.get_by_role("link", name="Accepter et signer").click()
    fill_form(page)
    page.get_by_role("button", name="Recevoir mon code par mail").click()
    page.get_by_role("heading", name="La signature est en pause").wait_for()


def about(page: Page, site: str) -> None:
    full_quote()
    page.goto(f"{site}/signature-electronique/")


def legal_notice(page: Page, site: str) -> None:
    full_quote()
    page.goto(f"{site}/mentions-legales/")


def personal_data(page: Page, site: str) -> None:
    full_quote()
    page.goto(f"{site}/donnees-personnelles/")


def accessibility(page: Page, site: str) -> None:
    full_quote()
    Company.objects.update(
        accessibility="partial", accessibility_gaps="Le plan du chantier n'est pas décrit."
    )
    page.goto(f"{site}/accessibilite/")


def accepted(page: Page, site: str) -> None:
    signature = make_signature(with_thread(full_quote()))
    seal(signature)
    come_in(page, site, signature.quote)


def accepted_before_its_seal(page: Page, site: str) -> None:
    come_in(page, site, make_signature(full_quote()).quote)


# The deposit


def signed_quote() -> Quote:
    make_paying_company()
    signed = make_signature(full_quote()).quote
    payments_workflow.ensure_deposit(signed.pk)
    return signed


def pay(quote: Quote, state: Payment.State, amount: Decimal | None = None) -> Payment:
    """One payment by card, as it stands."""
    deposit = Deposit.objects.get(quote=quote)
    return Payment.objects.create(
        deposit=deposit,
        method=Payment.Method.CARD,
        amount=amount or deposit.amount,
        state=state,
        paid_at=timezone.now(),
        card_holder="Claire Morel",
        last4="4242",
        session_id="cs_test_1",
    )


def deposit_due(page: Page, site: str) -> None:
    quote = signed_quote()
    payments_workflow.announce_transfer(quote.pk, actor=CUSTOMER)
    come_in(page, site, quote)


def deposit_not_yet(page: Page, site: str) -> None:
    quote = signed_quote()
    Deposit.objects.update(opens_on=timezone.localdate() + dt.timedelta(days=8))
    come_in(page, site, quote)


def deposit_is(
    state: Payment.State, *, share: Decimal = Decimal(1), withdrawn: bool = False, refunded: bool = False
) -> Callable[[Page, str], None]:
    """The accepted page with this share of the deposit paid, then perhaps sent back."""

    def reach(page: Page, site: str) -> None:
        quote = signed_quote()
        payment = pay(quote, state, round(Deposit.objects.get(quote=quote).amount * share, 2))
        if withdrawn:
            withdraw_at_once(quote.pk)
        if refunded:
            Refund.objects.create(payment=payment, amount=payment.amount, state=Refund.State.SUCCEEDED)
        come_in(page, site, quote)

    return reach


def back_from_payment(state: Payment.State) -> Callable[[Page, str], None]:
    def reach(page: Page, site: str) -> None:
        quote = come_in(page, site, signed_quote())
        pay(quote, state)
        page.goto(f"{site}{quote.get_absolute_url()}acompte/retour/?session_id=cs_test_1")

    return reach


def payment_cancelled(page: Page, site: str) -> None:
    quote = come_in(page, site, signed_quote())
    page.goto(f"{site}{quote.get_absolute_url()}acompte/annule/")


def no_access_after_payment(page: Page, site: str) -> None:
    page.goto(f"{site}{signed_quote().get_absolute_url()}acompte/retour/")


# Where the way ends


def in_state(state: Quote.State) -> Callable[[Page, str], None]:
    def reach(page: Page, site: str) -> None:
        wanted = full_quote()
        Quote.objects.filter(pk=wanted.pk).update(state=state, refused_at=timezone.now())
        come_in(page, site, wanted)

    return reach


def quote_expired(page: Page, site: str) -> None:
    wanted = full_quote()
    QuoteVersion.objects.update(valid_until=dt.date(2020, 1, 1))
    come_in(page, site, wanted)


def update_of_an_expired_quote(page: Page, site: str) -> None:
    quote_expired(page, site)
    page.get_by_role("link", name="Demander une mise à jour").click()


def blocked(page: Page, site: str) -> None:
    wanted = full_quote()
    Quote.objects.filter(pk=wanted.pk).update(blocked_at=timezone.now())
    come_in(page, site, wanted)


def link_expired(page: Page, site: str) -> None:
    link, path = make_link(full_quote())
    AccessLink.objects.filter(pk=link.pk).update(expires_at=timezone.now())
    page.goto(site + path)


def link_requested(page: Page, site: str) -> None:
    link_expired(page, site)
    page.get_by_role("button", name="Recevoir un lien d'accès par mail").click()
    page.get_by_role("heading", name="Regardez votre boîte mail").wait_for()


def no_access(page: Page, site: str) -> None:
    page.goto(site + full_quote().get_absolute_url())


def not_found(page: Page, site: str) -> None:
    full_quote()
    page.goto(f"{site}/l/inconnu/")


def nothing_set_up(page: Page, site: str) -> None:
    page.goto(f"{site}/rien/")


def cookies_refused(page: Page, site: str) -> None:
    come_in(page, site, full_quote())
    page.get_by_role("link", name="Poser une question").click()
    page.context.clear_cookies()
    page.get_by_label("Votre message").fill("Quand pouvez-vous commencer ?")
    page.get_by_role("button", name="Envoyer ma question").click()
    page.get_by_role("heading", name="n'a pas été pris en compte").wait_for()


PAGES: dict[str, tuple[Callable[[Page, str], None], str]] = (
    CHECK_PAGES
    | {
        reach.__name__: (reach, heading)
        for reach, heading in (
            (quote, "Remplacement de la chaudière"),
            (quote_of_a_business, "Remplacement de la chaudière"),
            (quote_of_extremes, "Très long objet"),
            (question, "Poser une question"),
            (question_with_errors, "Poser une question"),
            (refusal, "Refuser le devis"),
            (terms, "Conditions générales"),
            (sign_form, "Accepter et signer"),
            (sign_form_with_errors, "Accepter et signer"),
            (sign_form_on_a_short_link, "Accepter et signer"),
            (contradiction, "Le devis doit d'abord être mis à jour"),
            (code, "Saisissez le code"),
            (code_late, "Saisissez le code"),
            (code_wrong, "Saisissez le code"),
            (code_expired, "Ce code ne peut plus servir"),
            (code_without_tries, "Ce code ne peut plus servir"),
            (code_of_another_browser, "Ce code appartient à un autre navigateur"),
            (changed_meanwhile, "Le devis a changé, relisez-le"),
            (paused, "La signature est en pause"),
            (about, "Ce que vaut la signature"),
            (legal_notice, "Mentions légales"),
            (personal_data, "Vos données personnelles"),
            (accessibility, "Accessibilité"),
            (accepted, "Devis accepté le"),
            (accepted_before_its_seal, "Devis accepté le"),
            (withdrawal, "Renoncer au contrat"),
            (withdrawal_declared, "Votre rétractation est déclarée"),
            (declared_openly, "Votre déclaration est reçue"),
            (asked_whether_it_was_they, "Est-ce bien vous"),
            (deposit_due, "Devis accepté le"),
            (deposit_not_yet, "Devis accepté le"),
            (payment_cancelled, "Vous avez annulé le paiement"),
            (no_access_after_payment, "Cette page s'ouvre avec un lien d'accès"),
            (quote_expired, "Ce devis n'est plus valable"),
            (update_of_an_expired_quote, "Demander une mise à jour"),
            (blocked, "L'accès à ce devis est suspendu"),
            (link_expired, "Ce lien a expiré"),
            (link_requested, "Regardez votre boîte mail"),
            (no_access, "Cette page s'ouvre avec un lien d'accès"),
            (not_found, "Cette page n'existe pas"),
            (nothing_set_up, "Cette page n'existe pas"),
            (cookies_refused, "n'a pas été pris en compte"),
        )
    }
    | {
        "refused": (in_state(Quote.State.REFUSED), "Ce devis a été refusé"),
        "cancelled": (in_state(Quote.State.CANCELLED), "Ce devis a été annulé"),
        "updating": (in_state(Quote.State.SENDING), "Votre devis se met à jour"),
        "withdrawn": (in_state(Quote.State.WITHDRAWN), "Vous avez renoncé à ce contrat"),
        "deposit_pending": (deposit_is(Payment.State.PENDING), "Devis accepté le"),
        "deposit_partial": (deposit_is(Payment.State.PAID, share=Decimal("0.4")), "Devis accepté le"),
        "deposit_paid": (deposit_is(Payment.State.PAID), "Devis accepté le"),
        "deposit_overpaid": (deposit_is(Payment.State.PAID, share=Decimal("1.5")), "Devis accepté le"),
        "deposit_refund_due": (
            deposit_is(Payment.State.PAID, withdrawn=True),
            "Vous avez renoncé à ce contrat",
        ),
        "deposit_refunded": (
            deposit_is(Payment.State.PAID, withdrawn=True, refunded=True),
            "Vous avez renoncé à ce contrat",
        ),
        "back_paid": (back_from_payment(Payment.State.PAID), "a bien été reçu"),
        "back_pending": (back_from_payment(Payment.State.PENDING), "Votre paiement est en cours"),
        "back_failed": (back_from_payment(Payment.State.FAILED), "Votre paiement n'a pas abouti"),
        "back_set_aside": (back_from_payment(Payment.State.SET_ASIDE), "en cours de vérification"),
    }
)
