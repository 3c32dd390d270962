"""The table of the law through all that is read of a contract: sign form, code page, mails, pages, desk, PDF."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

from logisav.desk.tests.desk import at_desk, owner, page_of
from payments.tests.factories import make_paying_company
from quotes.models import Quote
from quotes.pdf import rendering
from quotes.tests.documents import read, squeezed
from quotes.tests.factories import mails, make_business, make_quote, send, version_of, visitor
from quotes.tests.test_law_of_a_quote import OFF, SIGNED, URGENT, page, text
from signing.models import Signature
from signing.tests.sealed import registered
from signing.tests.tampering import smallest_pdf
from signing.tests.test_pages import TYPED, code_of, path, send_code

pytestmark = pytest.mark.django_db
FROM_D8 = "2 décembre 2026"
GOODS_UNTIL = "jusqu'à 14 jours après la livraison du matériel"
SERVICES_UNTIL = "jusqu'au 8 décembre 2026 inclus"
PAYING = ("à la commande", "FR76", "Régler mon acompte", "J'ai fait le virement", "À l'ordre de")
RIGHT = ("changer d'avis", "Renoncer au contrat ici", "dès la signature", "14 jours après")
COUPON = "Veuillez compléter et renvoyer le présent formulaire"
# The box to sign in, the box of art. D211-2, the lines, the general terms.
CONTRACT = (
    "Bon pour accord",
    "Garantie légale de conformité",
    "délivrance du bien",
    "Total TTC",
    "Article 1.",
)
LATE_PAYMENT = "Paiement à 30 jours de la facture. Tout retard entraîne"
Fields = dict[str, Any]

CONSUMER: Fields = {}
SMALL, OTHER = {"small_business": True}, {"small_business": False}
ON, SERVICES = {"contract": "on_premises"}, {"nature": "services"}
# Who, where and what; the first day for money, empty: at once; until when the right is open, empty: there is none.
TABLE: tuple[tuple[Fields, str, str], ...] = (
    (CONSUMER | SERVICES, "", SERVICES_UNTIL),
    (CONSUMER, "", GOODS_UNTIL),
    (CONSUMER | OFF | SERVICES, FROM_D8, SERVICES_UNTIL),
    (CONSUMER | OFF, FROM_D8, GOODS_UNTIL),
    (CONSUMER | URGENT, "", ""),
    (CONSUMER | ON | SERVICES, "", ""),
    (CONSUMER | ON, "", ""),
    (SMALL | OFF | SERVICES, FROM_D8, SERVICES_UNTIL),
    (SMALL | OFF, FROM_D8, GOODS_UNTIL),
    (OTHER | OFF, "", ""),
    (OTHER | OFF | SERVICES, "", ""),
    (OTHER, "", ""),
    (OTHER | ON, "", ""),
)


def name_of(row: tuple[Fields, str, str]) -> str:
    fields, _, _ = row
    small = fields.get("small_business")
    who = {None: "consumer", True: "small", False: "business"}[small]
    exempt = fields.get("withdrawal_exception", "")
    return "-".join(
        filter(None, (who, fields.get("contract", "distance"), fields.get("nature", "goods"), exempt))
    )


def plain(words: str) -> str:
    """As pdftotext gives them: without tags, and every space a plain one."""
    return " ".join(re.sub(r"<[^>]*>", "", words).split())


def before(page: str) -> str:
    """Without the foot of every page, and on an accepted page without the frozen contract's own words."""
    return plain(page.partition('id="devis"')[0].partition("<footer")[0])


def mail_of(message: str, quote: Quote) -> str:
    mail = mails(message, quote).get()
    return f"{plain(mail.text)} {plain(mail.html)}"


def sent_quote(fields: Fields) -> Quote:
    make_paying_company(payment_methods=["card", "transfer", "cheque"])
    customer: Fields = {"customer": make_business()} if "small_business" in fields else {}
    return send(make_quote(valid_until=dt.date(2027, 3, 1), owner=owner(), **fields, **customer))


def typed_by_signatory(quote: Quote, fields: Fields) -> dict[str, str]:
    content = version_of(quote).reading
    boxes = {f"consent_{one.id}": "on" for one in content.consents if one.required}
    said = {"place": quote.contract, "kind": quote.customer.kind, "capacity": "gérante"}
    small = {"is_small": "yes" if fields.get("small_business") else "no"}
    typed = {name: value for name, value in TYPED.items() if not name.startswith("consent_")}
    return typed | boxes | said | small | {"version_hash": version_of(quote).version_hash}


def signed_on_line(quote: Quote, fields: Fields) -> tuple[dict[str, str], dict[str, str]]:
    """What the signatory reads before pressing « Signer », and what both read afterwards, by where it stands."""
    browser = visitor(quote)
    asked = {"quote page": before(text(browser.get(quote.get_absolute_url())))}
    asked["sign form"] = before(text(browser.get(path(quote))))
    assert browser.post(path(quote), typed_by_signatory(quote, fields)).status_code == 302
    asked["code page"] = before(text(browser.get(path(quote, "code/"))))
    asked["mail signing/code"] = mail_of("signing/code", quote)
    assert send_code(browser, quote, code_of(quote)).status_code == 302
    registered(Signature.objects.get(quote=quote), smallest_pdf())
    return asked, {
        "accepted page": before(page(quote)),
        "desk": plain(text(at_desk(quote.owner).get(page_of(quote)))),
        "mail signing/accepted": mail_of("signing/accepted", quote),
        "mail signing/accepted_owner": mail_of("signing/accepted_owner", quote),
    }


@pytest.mark.parametrize(("fields", "money", "until"), TABLE, ids=map(name_of, TABLE))
def test_row_16_the_table_of_the_law_through_all_that_is_read(
    settings: Settings, fields: Fields, money: str, until: str
) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_1"
    with time_machine.travel(SIGNED, tick=False):
        quote = sent_quote(fields)
        asked, told = signed_on_line(quote, fields)
        withdraw = before(text(visitor(quote).get(f"{quote.get_absolute_url()}retractation/")))
    raw = read(rendering.quote_pdf(version_of(quote).reading), "pdftotext", "-raw")
    pdf = plain(raw)
    if money:
        no_word_of_money_before_its_day(quote, asked, told, pdf)
    else:
        money_is_asked_for_at_once(asked, told, pdf)
    if until:
        the_right_is_told(quote, until, asked, told, pdf, withdraw)
        is_consumer, is_goods = "small_business" not in fields, fields.get("nature") != "services"
        the_coupon_can_be_cut_out(raw, has_box=is_consumer and is_goods)
    else:
        no_word_of_a_right(quote, asked, told, pdf, withdraw)
    letter = plain(page(quote).partition('id="devis"')[2])
    for place in (pdf, letter):
        assert (LATE_PAYMENT in place) is ("small_business" in fields)
        assert ("à la commande" in place) is not bool(money)


def no_word_of_money_before_its_day(
    quote: Quote, asked: dict[str, str], told: dict[str, str], pdf: str
) -> None:
    for where, words in (asked | told).items():
        assert not [word for word in PAYING if word in words], where
    for where, words in asked.items():
        assert "Acompte, 7 jours après la signature au plus tôt" in words, where
    for where in ("mail signing/accepted", "mail signing/accepted_owner"):
        assert f"Acompte, à partir du {FROM_D8}" in told[where], where
    assert f"à régler à partir du {FROM_D8}" in told["accepted page"]
    assert f"Vous pourrez régler à partir du {FROM_D8}" in told["accepted page"]
    assert f"Rien ne peut être encaissé avant le {FROM_D8}" in told["desk"]
    assert "pendant les 7 jours qui suivent la signature" in pdf
    assert not [word for word in PAYING if word in pdf]
    for days in (7, 8):
        with time_machine.travel(SIGNED + dt.timedelta(days=days), tick=False):
            shown = before(page(quote))
        found = {word for word in PAYING[1:] if word in shown}
        assert found == (set(PAYING[1:]) if days == 8 else set())
        assert "à la commande" not in shown


def money_is_asked_for_at_once(asked: dict[str, str], told: dict[str, str], pdf: str) -> None:
    for where, words in (asked | told).items():
        if where != "desk":
            assert "à la commande" in words, where
        assert "à partir du 2 décembre" not in words, where
        assert "au plus tôt" not in words, where
    assert all(word in told["accepted page"] for word in PAYING)
    assert "Acompte de 30 % à la commande" in pdf
    assert "pendant les 7 jours" not in pdf


def the_right_is_told(
    quote: Quote, until: str, asked: dict[str, str], told: dict[str, str], pdf: str, withdraw: str
) -> None:
    sign_form = "pendant 14 jours après la signature" if until == SERVICES_UNTIL else until
    assert sign_form in asked["sign form"]
    assert f"{until[0].upper()}{until[1:]}, sans donner de raison" in told["accepted page"]
    assert f"Vous pouvez changer d'avis {until}" in told["mail signing/accepted"]
    assert "Renoncer au contrat ici" in told["mail signing/accepted"]
    assert until in withdraw
    notices = version_of(quote).reading.notices
    for notice in (one for one in notices if one.id in ("withdrawal", "withdrawal_form")):
        for paragraph in notice.text.split("\n\n"):
            assert squeezed(paragraph) in squeezed(pdf), notice.id


def the_coupon_can_be_cut_out(raw: str, *, has_box: bool) -> None:
    """Nothing of the contract goes with it (Cass. 20 December 2023, 21-16.491)."""
    sheets = [plain(sheet) for sheet in raw.split("\f")]
    (coupon,) = (sheet for sheet in sheets if COUPON in sheet)
    for part in CONTRACT:
        assert part not in coupon
    assert any("Bon pour accord" in sheet for sheet in sheets)
    assert any("délivrance du bien" in sheet for sheet in sheets) is has_box


def no_word_of_a_right(
    quote: Quote, asked: dict[str, str], told: dict[str, str], pdf: str, withdraw: str
) -> None:
    for where, words in (asked | told).items():
        assert not [word for word in RIGHT if word in words], where
    assert not {"withdrawal", "withdrawal_form"} & {one.id for one in version_of(quote).reading.notices}
    for word in ("Droit de rétractation", "Formulaire de rétractation", "R221-1"):
        assert word not in pdf
    assert "Confirmer la rétractation" not in withdraw
