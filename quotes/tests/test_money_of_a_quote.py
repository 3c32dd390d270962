"""Discount, reduced and zero rates, aids: from the working copy to page, PDF, mails and deposit."""

from __future__ import annotations

import datetime as dt
import html
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from lib import files, french
from lib.day import today_in_paris
from logisav.desk.tests.desk import text
from quotes import list_columns, readiness, workflow
from quotes.content import Content
from quotes.findings import Finding
from quotes.models import Aid, Company, IllegalMove, Quote
from quotes.pdf import rendering
from quotes.tests.documents import read
from quotes.tests.factories import (
    SYSTEM,
    mails,
    make_business,
    make_company,
    make_quote,
    make_sent_quote,
    send,
    send_again,
    version_of,
    visitor,
)  # fmt: skip
from quotes.tests.frozen import fixture
from quotes.versions import comparison, freezing
from quotes.versions.freezing import NotSendable
from signing import seal, sealing
from signing.forms import SigningForm
from signing.models import SealedDocument
from signing.proof.auditing import damaged_files
from signing.tests.factories import make_signature, make_signing_request, request_code, right_code, sign
from signing.tests.test_pages import TYPED, path
from signing.workflow import Outcome

pytestmark = pytest.mark.django_db
CADRE = b"%PDF-1.7\n% cadre\n%%EOF\n"
HEAT_PUMP: tuple[dict[str, Any], ...] = (
    {"kind": "section", "label": "Fourniture"},
    {"label": "Pompe à chaleur", "unit": "unité", "unit_price": Decimal(10000), "vat_rate": Decimal("5.5")},
    {"label": "Vis", "unit": "pièce", "quantity": Decimal(1000), "unit_price": Decimal("0.0385")},
    {"kind": "section", "label": "Pose"},
    {"label": "Main-d'œuvre", "quantity": Decimal(20), "unit": "h", "unit_price": Decimal(50)},
    {"label": "Thermostat", "unit": "unité", "unit_price": Decimal(249), "option": True},
)
# 11 038,50 less 200: of 18 118,404 and 1 881,596 cents the larger remainder takes the odd one, 181,18 and 18,82.


def money_quote(**fields: Any) -> Quote:
    """With a discount, two rates, a CEE that is deducted and an estimate of MaPrimeRénov'."""
    quote = make_quote(
        lines=HEAT_PUMP, **{"discount_kind": "amount", "discount_value": Decimal(200)} | fields
    )
    Aid.objects.create(quote=quote, kind="cee", payer="Énergéticien", amount=Decimal(1500))
    Aid.objects.create(quote=quote, kind="mpr", payer="Anah", amount=Decimal(4000))
    attach(quote)
    return quote


def attach(quote: Quote, data: bytes = CADRE) -> None:
    stored = files.store(data, folder="contributions")
    workflow.attach_contribution(quote.pk, file=stored, dated=today_in_paris())
    quote.refresh_from_db()


def shown(response: Any) -> str:
    return html.unescape(text(response))


def pdf_words(content: Content) -> str:
    """With plain spaces, as pdftotext gives them."""
    return " ".join(read(rendering.quote_pdf(content), "pdftotext", "-raw").split())


def found(quote: Quote) -> dict[str, Finding]:
    return {one.field: one for one in readiness.findings(Quote.objects.get(pk=quote.pk))}


# All of it at once


def test_the_sums_are_the_same_in_text_page_pdf_mail_and_deposit() -> None:
    quote = send(money_quote())
    version = version_of(quote)
    content = version.reading
    assert [(share.rate, share.base, share.amount) for share in content.totals.vat] == [
        (Decimal(20), Decimal("1019.68"), Decimal("203.94")),
        (Decimal("5.5"), Decimal("9818.82"), Decimal("540.04")),
    ]
    assert (content.totals.gross, content.totals.discount) == (Decimal("11038.50"), Decimal(200))
    assert (content.total, content.payable) == (Decimal("11582.48"), Decimal("10082.48"))
    assert content.deposit is not None
    assert (version.total, version.deposit) == (Decimal("11582.48"), Decimal("3024.74"))
    assert content.deposit.balance == Decimal("7057.74")
    assert quote.shown_total == Decimal("11582.48")
    sums = "11038.50 200 10838.50 203.94 540.04 11582.48 1500 10082.48 3024.74 4000 10038.50 1000 0.0385"
    page = shown(visitor(quote).get(quote.get_absolute_url()))
    pdf = pdf_words(content)
    for amount in map(french.price, sums.split()):
        assert amount in page
        assert " ".join(amount.split()) in pdf
    for words in (
        "Sous-total HT, Fourniture",
        "Reste à payer",
        "Estimation, non acquise, non déduite",
        "sous réserve",
    ):
        assert words in page
        assert words in pdf
    mail = mails("quotes/link", quote).get()
    for amount in map(french.money, (content.total, content.payable)):
        assert amount in mail.text
        assert amount in html.unescape(mail.html)


def test_it_is_read_back_as_it_was_frozen() -> None:
    content = freezing.preview(money_quote())
    assert type(content).from_json(content.to_json()) == content


# Row 6: VAT reassessment on the company


@pytest.mark.parametrize("customer", ["individual", "business"])
def test_row_6_a_reduced_rate_is_certified_by_a_box_inside_the_signed_bytes(customer: str) -> None:
    fields = {"customer": make_business()} if customer == "business" else {}
    quote = make_sent_quote(**fields)
    content = version_of(quote).reading
    (box,) = (consent for consent in content.consents if consent.id == "vat_5_5")
    assert box.required
    assert box.words in version_of(quote).content
    assert "suppose votre certification" in shown(visitor(quote).get(quote.get_absolute_url()))
    signature = make_signature_as(quote, customer)
    assert box.words in [one["words"] for one in signature.consents]
    accepted = quote.events.get(kind="accepted")
    assert box.words in [one["words"] for one in accepted.facts["consents"]]


def make_signature_as(quote: Quote, kind: str) -> Any:
    if kind == "individual":
        return make_signature(quote)
    request = make_signing_request(quote, kind="business", capacity="Gérante")
    assert sign(request, right_code(request)) is Outcome.SIGNED
    return quote.signature


def test_row_6_without_the_box_nothing_is_signed_and_the_way_out_is_said() -> None:
    quote = make_sent_quote()
    ticked = frozenset({"quote", "electronic"})
    assert request_code(quote, consents=ticked) == (Outcome.CHANGED, None)
    typed = TYPED | {"consent_vat_5_5": "", "version_hash": version_of(quote).version_hash}
    response = visitor(quote).post(path(quote), typed)
    assert response.status_code == 422
    assert "demandez un devis à 20\u00a0%" in shown(response)
    assert not quote.signing_requests.exists()


def test_row_6_a_full_rate_asks_for_no_box() -> None:
    quote = make_quote(lines=({"label": "Pose", "unit": "h", "unit_price": Decimal(50)},))
    content = freezing.preview(quote)
    assert [box.id for box in content.consents if box.id.startswith("vat")] == []
    assert "reduced_vat" not in [notice.id for notice in content.notices]


def test_row_6_an_unsigned_option_at_a_reduced_rate_asks_for_no_box() -> None:
    lines = (
        {"label": "Pose", "unit": "h", "unit_price": Decimal(50)},
        {
            "label": "Isolant",
            "unit": "m²",
            "unit_price": Decimal(9),
            "vat_rate": Decimal("5.5"),
            "option": True,
        },
    )
    assert not [box for box in freezing.preview(make_quote(lines=lines)).consents if box.id.startswith("vat")]


def test_row_6_a_reduced_rate_without_a_worksite_does_not_leave() -> None:
    quote = make_quote(customer=make_business(), worksite="")
    assert found(quote)["worksite"].blocking
    with pytest.raises(NotSendable, match="taux réduit"):
        workflow.send(quote.pk, actor=SYSTEM)


def test_the_worksite_of_a_consumer_is_their_home_unless_something_else_is_said() -> None:
    make_company()
    quote = make_quote()
    begun = workflow.create_quote(
        customer=quote.customer, owner=quote.owner, actor=SYSTEM, title="x", worksite=""
    )
    assert begun.worksite == quote.customer.address
    business = make_business()
    begun = workflow.create_quote(customer=business, owner=quote.owner, actor=SYSTEM, title="x")
    assert begun.worksite == ""


# Row 11: aids


def test_row_11_a_cee_lessens_what_is_left_to_pay_and_no_vat() -> None:
    quote = money_quote()
    with_aid = freezing.preview(quote)
    quote.aids.all().delete()
    without = freezing.preview(Quote.objects.get(pk=quote.pk))
    assert with_aid.totals == without.totals
    assert without.payable - with_aid.payable == Decimal(1500)


def test_row_11_a_cee_does_not_leave_without_its_cadre_de_contribution() -> None:
    quote = money_quote()
    workflow.detach_contribution(quote.pk)
    assert found(quote)["contribution"].blocking
    quote.aids.filter(kind="cee").delete()
    assert "contribution" not in found(quote), "an estimate has none"


def test_row_11_an_estimated_state_aid_asks_for_what_its_payer_reads_on_the_quote() -> None:
    quote = money_quote()
    Quote.objects.filter(pk=quote.pk).update(visited_on=None)
    quote.lines.update(description="")
    sentences = [
        one.sentence for one in readiness.findings(Quote.objects.get(pk=quote.pk)) if "Anah" in one.sentence
    ]
    assert [("visite" in one, "marque" in one) for one in sentences] == [(True, False), (False, True)]
    quote.lines.update(description="Marque, modèle, performance")
    Quote.objects.filter(pk=quote.pk).update(visited_on=dt.date(2026, 11, 12))
    assert "l'Anah" not in "".join(one.sentence for one in readiness.findings(Quote.objects.get(pk=quote.pk)))
    sent = send(Quote.objects.get(pk=quote.pk))
    printed = "Logement visité le 12 novembre 2026."
    page = shown(visitor(sent).get(sent.get_absolute_url())).replace('<span class="nowrap">', "")
    assert printed in page.replace("</span>", "").replace(french.NBSP, " ")
    assert printed in pdf_words(version_of(sent).reading)
    quote.aids.all().delete()
    assert "visited_on" not in found(quote)


def test_row_11_the_cadre_travels_with_the_version_that_it_was_frozen_with() -> None:
    quote = send(money_quote())
    browser = visitor(quote)
    address = f"{quote.get_absolute_url()}cadre-de-contribution.pdf"
    assert address in shown(browser.get(quote.get_absolute_url()))
    assert b"".join(browser.get(address).streaming_content) == CADRE  # type: ignore[attr-defined]
    assert address in shown(browser.get(path(quote)))
    assert visitor(make_sent_quote()).get(address).status_code != 200
    (attached,) = mails("quotes/link", quote).get().attachments
    assert files.read_named(attached["path"]) == CADRE


def test_row_11_the_cadre_is_sealed_into_the_signed_document_and_audited() -> None:
    quote, own = money_quote(), CADRE + b"% a file that no other test reads\n"
    attach(quote, own)
    assert rendering.render_version(workflow.send(quote.pk, actor=SYSTEM).pk)
    signature = make_signature(Quote.objects.get(pk=quote.pk))
    assert sealing.seal_signature(signature.pk)
    sealed = SealedDocument.objects.get().file.read()
    assert seal.attached(sealed, "cadre-de-contribution.pdf") == own
    assert list(damaged_files(quote)) == []
    Path(default_storage.path(str(quote.contribution))).write_bytes(b"%PDF-1.7 autre")
    assert any("contributions/" in line for line in damaged_files(quote))


def test_row_11_it_is_attached_while_the_quote_may_be_written() -> None:
    quote = send(money_quote())
    with pytest.raises(IllegalMove):
        workflow.detach_contribution(quote.pk)


@pytest.mark.parametrize("option", [False, True])
def test_row_11_an_aid_falls_away_with_the_lines_that_it_is_for(*, option: bool) -> None:
    quote = money_quote()
    pump = quote.lines.get(label="Pompe à chaleur")
    quote.aids.filter(kind="cee").update(lines=[pump.identity])
    assert freezing.preview(quote).payable < freezing.preview(quote).total
    if option:
        quote.lines.filter(pk=pump.pk).update(option=True)
    else:
        pump.delete()
    content = freezing.preview(Quote.objects.get(pk=quote.pk))
    assert content.payable == content.total
    assert not found(quote)["aids"].blocking


def test_row_11_an_aid_above_the_total_does_not_leave() -> None:
    quote = money_quote()
    quote.aids.filter(kind="cee").update(amount=Decimal(12000))
    assert found(quote)["aids"].blocking
    with pytest.raises(NotSendable, match="dépassent le total"):
        workflow.send(quote.pk, actor=SYSTEM)


def test_row_11_an_aid_is_positive() -> None:
    quote = make_quote()
    with pytest.raises(IntegrityError), transaction.atomic():
        Aid.objects.create(quote=quote, payer="Anah", amount=Decimal(0))
    with pytest.raises(ValidationError):
        Aid(quote=quote, payer="Anah", amount=Decimal(-5)).full_clean()


def test_row_11_a_fixed_deposit_is_bounded_by_what_is_left_to_pay() -> None:
    quote = money_quote(deposit_kind="amount", deposit_value=Decimal(11000))
    assert found(quote)["deposit_value"].blocking
    quote.aids.all().delete()
    assert "deposit_value" not in found(quote)


# Row 12: a rate without its reason


def zero_quote(**fields: Any) -> Quote:
    lines = ({"label": "Sous-traitance", "unit": "h", "unit_price": Decimal(50), "vat_rate": Decimal(0)},)
    return make_quote(lines=lines, **fields)


def test_row_12_a_zero_rate_does_not_leave_without_its_reason() -> None:
    assert found(zero_quote())["vat_reason"].blocking


def test_row_12_reverse_charge_is_printed_instead_of_zero_percent() -> None:
    said = {"vat_reason": "reverse_charge", "vat_detail": "Chantier Alpha, donneur d'ordre Bâtir SA."}
    quote = zero_quote(customer=make_business(), **said)
    assert not [one for one in found(quote).values() if one.blocking]
    quote = send(quote)
    page = shown(visitor(quote).get(quote.get_absolute_url()))
    for place in (page, pdf_words(version_of(quote).reading)):
        assert "TVA due par le preneur" in place
        assert "art. 283, 2 nonies du CGI" in place
        assert "Chantier Alpha" in place
        assert "TVA 0" not in place


def test_row_12_the_franchise_comes_from_the_regime_and_not_from_an_empty_number() -> None:
    make_company()
    Company.objects.update(vat_number="")
    assert "293 B" not in Company.current().legal_line
    Company.objects.update(vat_number="FR65912345675", vat_regime="franchise")
    assert "TVA FR65912345675, TVA non applicable, art. 293 B du CGI" in Company.current().legal_line
    quote = zero_quote()
    assert not [one for one in found(quote).values() if one.blocking]
    assert [row.label for row in freezing.preview(quote).vat_rows] == [
        "TVA non applicable, art. 293 B du CGI"
    ]
    assert found(make_quote())["lines"].blocking, "who is in franchise charges no VAT"


def test_row_12_a_fossil_boiler_below_the_full_rate_gets_advice() -> None:
    boiler = {"label": "Chaudière gaz à condensation", "unit": "unité", "unit_price": Decimal(3000)}
    advice = found(make_quote(lines=(boiler | {"vat_rate": Decimal("5.5")},)))["lines"]
    assert not advice.blocking
    assert "1er mars 2025" in advice.sentence
    assert "lines" not in found(make_quote(lines=(boiler,)))


def test_row_12_overseas_the_usual_rate_is_eight_and_a_half() -> None:
    make_company()
    Company.objects.update(territory="dom")
    lines = ({"label": "Pose", "unit": "h", "unit_price": Decimal(100), "vat_rate": Decimal("8.5")},)
    assert send(make_quote(lines=lines)).shown_total == Decimal("108.50")
    assert found(make_quote())["lines"].blocking


def test_what_was_frozen_without_a_regime_says_what_it_said_by_its_empty_number() -> None:
    old = json.loads(fixture("2", "json").read_text(encoding="utf-8"))
    assert "293 B" not in Content.from_json(json.dumps(old)).company.legal_line
    old["company"]["vat_number"] = ""
    read_back = Content.from_json(json.dumps(old))
    assert "TVA non applicable, art. 293 B du CGI" in read_back.company.legal_line
    assert read_back.payable == read_back.total
    assert not [box for box in read_back.consents if box.id.startswith("vat")], (
        "nothing is asked that was not"
    )


# What becomes of it


def test_a_copy_has_the_aids_tied_to_its_own_lines_and_no_cadre() -> None:
    quote = money_quote()
    quote.aids.filter(kind="cee").update(lines=[quote.lines.get(label="Pompe à chaleur").identity])
    copy = workflow.duplicate(quote.pk, actor=SYSTEM)
    aid = copy.aids.get(kind="cee")
    assert aid.lines == [copy.lines.get(label="Pompe à chaleur").identity]
    assert (copy.aids.count(), copy.contribution.name) == (2, "")
    assert copy.shown_total == quote.shown_total


def test_the_list_shows_the_total_with_its_discount() -> None:
    quote = money_quote()
    list_columns.refresh(quote)
    assert quote.shown_total == Decimal("11582.48")
    assert list(list_columns.differing()) == []


def test_what_changed_names_discount_aid_and_cadre() -> None:
    quote = send(money_quote())
    old = version_of(quote).reading
    workflow.revise(quote.pk, actor=SYSTEM)
    quote.aids.filter(kind="cee").update(amount=Decimal(1800))
    quote.aids.filter(kind="mpr").delete()
    workflow.attach_contribution(
        quote.pk, file=files.store(CADRE + b"\n", folder="contributions"), dated=dt.date(2026, 1, 5)
    )
    quote = send_again(Quote.objects.get(pk=quote.pk), discount_kind="percent", discount_value=Decimal(5))
    said = comparison.changes(old, version_of(quote).reading)
    assert "Remise sur le total : 5 %, soit 551,93 € HT au lieu de 200,00 € HT." in [
        one.replace("\u00a0", " ") for one in said
    ]
    assert any(one.startswith("Aide") and "1\u202f800,00" in one for one in said)
    assert any(one.startswith("Aide retirée") and "MaPrimeRénov'" in one for one in said)
    assert any(one.startswith("Reste à payer") for one in said)
    assert any(one.startswith("Le cadre de contribution a changé") for one in said)


def test_the_form_offers_one_box_a_reduced_rate() -> None:
    lines = tuple(
        {"label": f"À {rate}", "unit": "h", "unit_price": Decimal(50), "vat_rate": Decimal(rate)}
        for rate in ("10", "5.5", "20", "10")
    )
    form = SigningForm(freezing.preview(make_quote(lines=lines)))
    assert [name for name in form.consents if "vat" in name] == ["consent_vat_10", "consent_vat_5_5"]
