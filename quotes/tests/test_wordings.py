"""What the review of the law asked to be said in other words, where somebody reads it: by the numbers of its list."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from demo.company import TERMS
from payments.models import Deposit, Payment
from quotes import workflow
from quotes.law.mentions import CONFORMITY, imposed
from quotes.models import Declaration, Quote
from quotes.pdf import rendering
from quotes.tests.documents import read
from quotes.tests.factories import SYSTEM, mails, make_sent_quote, version_of, visitor
from quotes.tests.test_law_of_a_quote import OFF, SIGNED, URGENT, page, signed, text
from signing.models import Signature
from signing.tests.sealed import registered
from signing.tests.tampering import smallest_pdf
from signing.tests.test_pages import path, send_form

pytestmark = pytest.mark.django_db


def plain(words: str) -> str:
    """Without tags, and every space a plain one."""
    return " ".join(re.sub(r"<[^>]*>", "", html.unescape(words)).split())


def both(message: str, quote: Quote) -> list[str]:
    """A mail's text and its HTML, which say the same."""
    mail = mails(message, quote).get()
    return [plain(mail.text), plain(mail.html)]


# Pages and mails, each made for real


def sign_form() -> list[str]:
    return form_of()()


def form_of(**fields: Any) -> Callable[[], list[str]]:
    def made() -> list[str]:
        quote = make_sent_quote(**fields)
        return [plain(text(visitor(quote).get(path(quote))))]

    return made


def page_and_pdf(**fields: Any) -> Callable[[], list[str]]:
    def made() -> list[str]:
        quote = make_sent_quote(**fields)
        shown = plain(text(visitor(quote).get(quote.get_absolute_url())))
        printed = read(rendering.quote_pdf(version_of(quote).reading), "pdftotext", "-raw")
        return [shown, " ".join(printed.split())]

    return made


def contradiction() -> list[str]:
    quote = make_sent_quote()
    answer = send_form(visitor(quote), quote, place="off_premises")
    assert answer.status_code == 409
    return [plain(text(answer))]


def address(name: str) -> Callable[[], list[str]]:
    return lambda: [plain(text(Client().get(name)))]


def accepted_mail(**fields: Any) -> Callable[[], list[str]]:
    def made() -> list[str]:
        quote = signed(**fields)
        with time_machine.travel(SIGNED, tick=False):
            registered(Signature.objects.get(quote=quote), smallest_pdf())
        return both("signing/accepted", quote)

    return made


def code_mail(**fields: Any) -> Callable[[], list[str]]:
    return lambda: both("signing/code", signed(**fields))


def withdrawn(*, is_delivered: bool = False, **fields: Any) -> Quote:
    """Paid by card, then withdrawn from on the day of the signature."""
    quote = signed(**fields)
    with time_machine.travel(SIGNED, tick=False):
        if is_delivered:
            workflow.mark_delivered(quote.pk, delivered_on=SIGNED.date(), actor=SYSTEM)
        amount = Decimal("2681.81")
        deposit = Deposit.objects.create(quote=quote, amount=amount, reference=f"RF{quote.pk}")
        paid = {"state": Payment.State.PAID, "paid_at": SIGNED}
        Payment.objects.create(deposit=deposit, method=Payment.Method.CARD, amount=amount, **paid)
        workflow.record_otherwise(
            quote.pk, channel=Declaration.Channel.MAIL, sent_on=SIGNED.date(), name="C", actor=SYSTEM
        )
    return Quote.objects.get(pk=quote.pk)


def withdrawn_page() -> list[str]:
    quote = withdrawn()
    with time_machine.travel(SIGNED, tick=False):
        return [plain(page(quote).partition('id="devis"')[0])]


def withdrawn_mail(message: str, **fields: Any) -> Callable[[], list[str]]:
    return lambda: both(message, withdrawn(**fields))


# The number of the list, where it is read, words that stand there, words that do not any more.
WORDINGS: tuple[tuple[str, Callable[[], list[str]], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "4 at home, code",
        code_mail(**OFF),
        ("Acompte, 7 jours après la signature au plus tôt",),
        ("commande :",),
    ),
    (
        "4 at home, signed",
        accepted_mail(**OFF),
        ("Acompte, à partir du 2 décembre 2026",),
        ("à la commande",),
    ),
    ("4 elsewhere, code", code_mail(), ("Acompte à la commande",), ("au plus tôt",)),
    ("4 elsewhere, signed", accepted_mail(), ("Acompte à la commande",), ("à partir du",)),
    (
        "8",
        page_and_pdf(**URGENT),
        ("vous nous l'avez demandé en urgence", "vous gardez 14 jours."),
        ("Travaux urgents à domicile",),
    ),
    (
        "10",
        form_of(nature="services"),
        (
            "Je demande que les travaux commencent avant la fin du délai de rétractation.",
            "Je reconnais que, s'ils sont entièrement terminés avant cette fin, je ne pourrai plus me rétracter",
            "si je me rétracte avant, je paierai la part déjà faite.",
        ),
        (),
    ),
    ("11", sign_form, ("les informations sur mes droits. Je les accepte. Bon pour accord.",), ()),
    (
        "12",
        sign_form,
        (
            "Je signe par voie électronique, et j'accepte de recevoir mon exemplaire signé par mail",
            "par mail plutôt que sur papier.",
        ),
        (),
    ),
    ("13 elsewhere", page_and_pdf(), ("Signé à distance",), ("Conclu à distance",)),
    ("13 at home", page_and_pdf(**OFF), ("Signé chez vous",), ("Conclu hors établissement",)),
    ("13 with us", page_and_pdf(contract="on_premises"), ("Signé dans nos locaux",), ("Conclu en",)),
    ("19", address("/devis/abcdefghijkl/"), ("Vous voulez renoncer à votre contrat ?",), ()),
    (
        "14",
        withdrawn_page,
        (
            "Vous avez renoncé à ce contrat",
            "Vous n'avez plus rien à payer.",
            "Les 2 681,81 € reçus vous sont rendus au plus tard le",
            "sur la carte utilisée",
        ),
        ("Devis accepté", "l'a signé", "nous en sommes prévenus"),
    ),
    (
        "15",
        withdrawn_mail("quotes/withdrawn", nature="services"),
        ("devis D-", "signé le 24 novembre 2026, est annulé : vous n'avez plus d'engagement."),
        ("défait", "part des travaux déjà faite"),
    ),
    (
        "15 with the box",
        withdrawn_mail("quotes/withdrawn", nature="services", ticked=("early_start",)),
        ("la part des travaux déjà faite à votre demande en est déduite",),
        ("défait",),
    ),
    (
        "16",
        withdrawn_mail("quotes/withdrawn_owner", is_delivered=True),
        (
            "Arrêtez les travaux et les commandes. Rendez ce qui a été payé au plus tard le",
            "pour le matériel livré, vous pouvez attendre de l'avoir repris (article L221-24",
            "(article L242-4)",
        ),
        ("se rembourse",),
    ),
    (
        "16 nothing delivered",
        withdrawn_mail("quotes/withdrawn_owner"),
        ("Rendez ce qui a été payé au plus tard le",),
        ("matériel",),
    ),
    (
        "17",
        accepted_mail(nature="services"),
        (
            "Vous pouvez changer d'avis jusqu'au 8 décembre 2026 inclus, sans donner de raison",
            "Renoncer au contrat ici",
        ),
        (),
    ),
    ("17 without that right", accepted_mail(contract="on_premises"), (), ("changer d'avis", "Renoncer")),
    (
        "20",
        contradiction,
        ("Le devis prévoit une signature à distance par un particulier", "Corrigez si c'est une erreur"),
        ("Vos droits en dépendent",),
    ),
    (
        "22",
        sign_form,
        ("C'est le code reçu par mail qui vaut signature. Le dessin est facultatif.",),
        ("Votre accord tient au code",),
    ),
    (
        "23",
        address("/verifier/"),
        ("exactement le même fichier", "sans rien de changé"),
        ("octet pour octet",),
    ),
    (
        "31",
        address("/signature-electronique/"),
        (
            "Signer ici vous engage comme une signature sur papier.",
            "Vous gardez les droits que la loi vous donne, dont celui de renoncer au contrat.",
        ),
        (),
    ),
)


@pytest.mark.parametrize(
    ("made", "there", "gone"), [row[1:] for row in WORDINGS], ids=[row[0] for row in WORDINGS]
)
def test_it_reads_as_the_review_asked(
    made: Callable[[], list[str]], there: tuple[str, ...], gone: tuple[str, ...]
) -> None:
    for said in made():
        assert [words for words in there if words not in said] == []
        assert [words for words in gone if words in said] == []


def test_23_no_page_of_the_check_says_byte_for_byte() -> None:
    pages = list((settings.BASE_DIR / "templates" / "signing").glob("verify*.html"))
    assert len(pages) >= 5
    assert [path.name for path in pages if "octet pour octet" in path.read_text(encoding="utf-8")] == []


def test_17_the_mail_leads_to_the_door_of_its_own_contract() -> None:
    quote = signed()
    registered(Signature.objects.get(quote=quote), smallest_pdf())
    mail = mails("signing/accepted", quote).get()
    door = f"{settings.SITE_URL}{quote.get_absolute_url()}retractation/"
    assert door in mail.text
    assert re.search(rf'<a href="{re.escape(door)}"[^>]*>Renoncer au contrat ici</a>', mail.html)


def test_27_the_exceptions_say_what_they_do_not_cover() -> None:
    labels = dict(Quote._meta.get_field("withdrawal_exception").flatchoices)
    assert labels["urgent_repair"].startswith("Dépannage urgent chez le client, à sa demande, rien d'autre")
    assert labels["made_to_measure"].startswith("Objet fabriqué pour ce client, pas un appareil du catalogue")


# No 29: the general terms of the demo, which will be copied


def article(number: int) -> str:
    found = re.search(rf"^{number}\. .*?(?=^\d+\. |\Z)", TERMS, re.MULTILINE | re.DOTALL)
    assert found, number
    return found[0]


@pytest.mark.parametrize(
    ("number", "there"),
    [
        (4, ("hors établissement", "aucun paiement n'est demandé ni reçu pendant les sept jours")),
        (5, ("une date, ou un délai qui court à partir de la signature",)),
        (8, ("conformité", "vices cachés", "parfait achèvement", "décennale", "{conformity}")),
        (9, ("quatorze jours après la réception du dernier bien", "quatorze jours après la signature")),
        (11, ("la quantité", "triés et enlevés", "le point de collecte", "ce que cela coûte")),
        (12, ("à cette adresse : {data_page}",)),
    ],
)
def test_29_the_demos_terms_say_what_the_law_asks(number: int, there: tuple[str, ...]) -> None:
    assert [words for words in there if words not in article(number)] == []


def test_29_nothing_is_due_at_the_order_and_no_delay_runs_from_the_deposit() -> None:
    assert "à la commande" not in TERMS
    assert "l'acompte" not in article(5)


def test_29_the_box_of_the_guarantee_stands_in_them_word_for_word() -> None:
    filled = TERMS.format(
        conformity=imposed(CONFORMITY), data_page=f"{settings.SITE_URL}/donnees-personnelles/"
    )
    assert imposed(CONFORMITY) in filled
    assert f"{settings.SITE_URL}/donnees-personnelles/" in filled
