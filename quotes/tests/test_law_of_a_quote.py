"""The law of one contract from quote to end: what is signed, delivered, withdrawn from, and recorded by the desk.

`row_N` in a name: the finding of the review of the law that it answers (test_rows_of_the_law.py).
"""

from __future__ import annotations

import datetime as dt
import html
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lib.french import PARIS
from logisav.desk.tests.desk import action_of, at_desk, owner, page_of
from payments import rules as payment_rules
from payments import workflow as payments
from payments.models import BalanceStatus, Deposit, Payment
from payments.tests.factories import make_paying_company
from quotes import declaring, workflow
from quotes.law import notices
from quotes.models import Declaration, Quote
from quotes.pdf import rendering
from quotes.readiness import Draft
from quotes.rules import Verb
from quotes.tests.documents import read, squeezed
from quotes.tests.factories import (
    SYSTEM,
    mails,
    make_business,
    make_quote,
    make_sent_quote,
    version_of,
    visitor,
)
from quotes.tests.frozen import in_force
from quotes.versions.freezing import NotSendable
from quotes.workflow import TooLate
from signing.tests.factories import make_signing_request, request_code, right_code, sign
from signing.tests.tampering import smallest_pdf
from signing.workflow import Outcome

pytestmark = pytest.mark.django_db
SIGNED = dt.datetime(2026, 11, 24, 14, 41, tzinfo=PARIS)
NBSP = "\u00a0"
OFF: dict[str, Any] = {"contract": "off_premises", "start": "3 semaines après la signature"}
URGENT: dict[str, Any] = OFF | {
    "nature": "services",
    "withdrawal_exception": "urgent_repair",
    "withdrawal_reason": "fuite d'eau",
}
Fields = dict[str, Any]


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


def page(quote: Quote) -> str:
    return text(visitor(quote).get(quote.get_absolute_url()))


def pdf_words(quote: Quote) -> str:
    """Without the spaces at which its lines are broken."""
    return squeezed(read(rendering.quote_pdf(version_of(quote).reading), "pdftotext", "-raw"))


def signed(*, business: bool = False, ticked: tuple[str, ...] = (), **fields: Any) -> Quote:
    """Sent and signed in the same minute, 24 November 2026."""
    make_paying_company()
    with time_machine.travel(SIGNED, tick=False):
        if business:
            fields["customer"] = make_business()
        quote = make_sent_quote(valid_until=dt.date(2027, 3, 1), owner=owner(), **fields)
        form = {
            "place": quote.contract,
            "kind": quote.customer.kind,
            "capacity": "gérante" if business else "",
        }
        required = (one.id for one in version_of(quote).reading.consents if one.required)
        consents = frozenset({*required, *ticked})
        small = {"is_small": fields.get("small_business")} if business else {}
        request = make_signing_request(quote, consents=consents, **form, **small)
        assert sign(request, right_code(request)) is Outcome.SIGNED
    return Quote.objects.get(pk=quote.pk)


# Row 1: goods


def test_row_1_of_goods_the_right_is_open_until_the_delivery_and_fourteen_days_after() -> None:
    """At D+15 and D+200 while nothing is delivered; then to the last second of day 14."""
    quote = signed()
    for days in (15, 200):
        with time_machine.travel(SIGNED + dt.timedelta(days=days), tick=False):
            assert Quote.objects.get(pk=quote.pk).can_withdraw()
    delivered = dt.date(2027, 1, 11)
    with time_machine.travel(dt.datetime(2027, 1, 12, 9, tzinfo=PARIS), tick=False):
        answer = at_desk(quote.owner).post(action_of(quote, "materiel-livre"), {"delivered_on": "11/01/2027"})
        assert answer.status_code == 302
    assert Quote.objects.get(pk=quote.pk).delivered_on == delivered
    assert f"jusqu'au 25{NBSP}janvier{NBSP}2027 inclus" in mails("quotes/delivered", quote).get().text
    assert quote.events.get(kind="goods_delivered").facts["last_day"] == "2027-01-25"
    for second, possible in ((0, True), (1, False)):
        last = dt.datetime(2027, 1, 25, 23, 59, 59, tzinfo=PARIS) + dt.timedelta(seconds=second)
        with time_machine.travel(last, tick=False):
            assert Quote.objects.get(pk=quote.pk).can_withdraw() is possible


@pytest.mark.parametrize(
    ("day", "sentence"),
    [("13/01/2027", "pas encore venue"), ("23/11/2026", "pas encore signé"), ("demain", "date")],
)
def test_a_delivery_has_a_day_of_the_contract_that_has_come(day: str, sentence: str) -> None:
    quote = signed()
    with time_machine.travel(dt.datetime(2027, 1, 12, 9, tzinfo=PARIS), tick=False):
        answer = at_desk(quote.owner).post(action_of(quote, "materiel-livre"), {"delivered_on": day})
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert Quote.objects.get(pk=quote.pk).delivered_on is None


def of_old(name: str = "2") -> Quote:
    """Signed with a version that was frozen before the nature of a contract was asked for."""
    make_paying_company()
    quote = in_force(name)
    Quote.objects.filter(pk=quote.pk).update(nature=Quote.Nature.UNKNOWN, owner=owner())
    with time_machine.travel(SIGNED, tick=False):
        request = make_signing_request(quote, place="off_premises")
        assert sign(request, right_code(request)) is Outcome.SIGNED
    return Quote.objects.get(pk=quote.pk)


def test_row_1_an_old_contract_is_asked_what_it_is_and_loses_nothing_until_somebody_answers() -> None:
    """Open as for goods with a wrong notice, and no page prints a last day."""
    quote = of_old()
    with time_machine.travel(SIGNED + dt.timedelta(days=300), tick=False):
        desk = at_desk(quote.owner)
        assert quote.can_withdraw()
        assert quote.withdrawal_last_day() is None
        assert "Sans donner de raison." in page(quote)
        listed = text(desk.get("/admin/quotes/quote/", {"droit": "nature"}))
        assert quote.number in listed
        assert "fourniture ou main-d'œuvre" in text(desk.get("/admin/"))
        assert not quote.may(Verb.MARK_DELIVERED)


@pytest.mark.parametrize(
    ("nature", "listed", "last"),
    [("services", False, dt.date(2026, 12, 8)), ("goods", True, dt.date(2028, 1, 25))],
)
def test_row_1_the_answer_gives_an_old_contract_its_end(nature: str, listed: bool, last: dt.date) -> None:
    """Goods with the old notice: twelve months more, which the desk says."""
    quote = of_old()
    desk = at_desk(quote.owner)
    desk.post(action_of(quote, "dire-la-nature"), {"nature": nature}, follow=True)
    if nature == "goods":
        workflow.mark_delivered(quote.pk, delivered_on=dt.date(2027, 1, 11), actor=SYSTEM)
    quote = Quote.objects.get(pk=quote.pk)
    assert quote.withdrawal_last_day() == last
    assert (quote.number in text(desk.get("/admin/quotes/quote/", {"droit": "avis"}))) is listed
    assert ("12\xa0mois de plus" in text(desk.get(page_of(quote)))) is listed


# Row 3: the door


def test_row_3_the_door_stands_in_the_foot_of_every_page_and_needs_no_link() -> None:
    quote = signed()
    workflow.mark_done(quote.pk, actor=SYSTEM)
    own = f'href="{quote.get_absolute_url()}retractation/"'
    stranger = Client()
    for address in (quote.get_absolute_url(), "/retractation/"):
        assert ">Renoncer au contrat ici</a>" in text(stranger.get(address)), address
    assert own in text(stranger.get(quote.get_absolute_url()))
    assert own in page(quote)
    expired = Client().get("/l/nothing/")
    assert ">Renoncer au contrat ici</a>" in text(expired)


def test_row_3_a_number_alone_is_taken_with_its_moment_and_ends_nothing() -> None:
    quote = signed()
    workflow.mark_done(quote.pk, actor=SYSTEM)
    typed = {"number": f" {quote.number.lower()} ", "name": "Claire Morel", "email": ""}
    answer = Client().post("/retractation/", typed)
    assert "Déclaration reçue le" in text(answer)
    declaring.sweep()
    declaration = Declaration.objects.get()
    assert declaration.quote == quote
    assert Quote.objects.get(pk=quote.pk).state == Quote.State.DONE
    assert mails("quotes/declared", quote).get().to == quote.customer.email


def test_row_3_the_door_answers_alike_whether_or_not_there_is_such_a_number() -> None:
    quote = signed()
    pages = set()
    for number in (quote.number, "D-2026-9999"):
        with time_machine.travel(SIGNED, tick=False):
            answer = Client().post("/retractation/", {"number": number, "name": "C", "email": ""})
        pages.add(text(answer).split("</form>", maxsplit=1)[0].split('name="csrf', maxsplit=1)[0])
    assert len(pages) == 1
    missing = Client().post("/retractation/", {"number": "", "name": "C"})
    assert missing.status_code == 422
    assert "Indiquez le numéro du devis" in text(missing)


# Row 3: by letter, mail or word of mouth


LETTER = {"channel": "letter", "name": "Claire Morel"}


def test_row_3_a_letter_of_day_fourteen_recorded_on_day_nineteen_ends_the_contract_on_day_fourteen() -> None:
    quote = signed(nature="services")
    scan = SimpleUploadedFile("lettre.pdf", smallest_pdf())
    with time_machine.travel(SIGNED + dt.timedelta(days=19), tick=False):
        sent = LETTER | {"sent_on": "08/12/2026", "document": scan}
        answer = at_desk(quote.owner).post(action_of(quote, "retractation-recue-autrement"), sent)
        assert answer.status_code == 302, text(answer)
    quote.refresh_from_db()
    assert quote.state == Quote.State.WITHDRAWN
    assert quote.withdrawn_at is not None
    assert quote.withdrawn_at.astimezone(PARIS).date() == dt.date(2026, 12, 8)
    declaration = Declaration.objects.get()
    shown = at_desk(quote.owner)
    address = f"/admin/quotes/quote/{quote.pk}/retractation/{declaration.pk}/"
    assert address in text(shown.get(page_of(quote)))
    assert shown.get(address).content == smallest_pdf()
    assert at_desk(owner()).get(address).status_code == 404, "another's quote does not exist"
    assert "Rétractation reçue par lettre, envoyée le 8" in mails("quotes/withdrawn", quote).get().text
    assert quote.events.get(kind="withdrawal_received").facts["channel"] == "letter"


def test_what_was_paid_goes_back_within_fourteen_days_of_the_letters_arrival() -> None:
    """Art. L221-24: from when the trader knows of it, and not from when it was sent."""
    quote = signed(nature="services")
    with time_machine.travel(SIGNED + dt.timedelta(days=19), tick=False):
        desk, address = at_desk(quote.owner), action_of(quote, "retractation-recue-autrement")
        early = desk.post(address, LETTER | {"sent_on": "08/12/2026", "received_on": "07/12/2026"})
        assert "pas été reçue avant d'être envoyée" in text(early).replace("&#x27;", "'")
        desk.post(address, LETTER | {"sent_on": "08/12/2026", "received_on": "11/12/2026"})
    quote.refresh_from_db()
    assert quote.refund_by == dt.date(2026, 12, 25)
    assert f"25{NBSP}décembre{NBSP}2026" in mails("quotes/withdrawn", quote).get().text
    assert quote.events.get(kind="withdrawal_received").facts["received_on"] == "2026-12-11"


def test_row_3_a_letter_of_day_fifteen_is_refused_with_the_reason_and_may_be_accepted_all_the_same() -> None:
    quote = signed(nature="services")
    address, sent = action_of(quote, "retractation-recue-autrement"), LETTER | {"sent_on": "09/12/2026"}
    with time_machine.travel(SIGNED + dt.timedelta(days=19), tick=False):
        desk = at_desk(quote.owner)
        refused = desk.post(address, sent)
        assert refused.status_code == 422
        assert f"Le délai a fini le 8{NBSP}décembre{NBSP}2026" in text(refused)
        assert not Declaration.objects.exists()
        assert desk.post(address, sent | {"accepted_anyway": "on"}).status_code == 302
    assert Quote.objects.get(pk=quote.pk).state == Quote.State.WITHDRAWN
    assert Declaration.objects.get().after_the_end


def test_a_contract_without_that_right_is_told_so() -> None:
    quote = signed(contract="on_premises")
    with pytest.raises(TooLate, match="ne donne pas de droit"):
        workflow.record_otherwise(
            quote.pk,
            channel=Declaration.Channel.PHONE,
            sent_on=SIGNED.date(),
            name="Claire Morel",
            actor=SYSTEM,
        )


# Rows 4, 5, 15, 22: what the signatory says


def test_row_4_an_urgent_repair_is_asked_for_by_the_customer() -> None:
    """Without the box nothing is signed."""
    quote = make_sent_quote(**URGENT)
    required = frozenset(one.id for one in version_of(quote).reading.consents if one.required)
    without = required - {"urgent_repair"}
    assert request_code(quote, place="off_premises", consents=without)[0] is Outcome.CHANGED
    assert request_code(quote, place="off_premises", consents=required)[0] is Outcome.CODE_SENT


@pytest.mark.parametrize(
    ("quoted", "said", "outcome"),
    [(True, False, Outcome.CODE_SENT), (False, True, Outcome.CONTRADICTION), (True, True, Outcome.CODE_SENT)],
)
def test_row_5_a_small_business_is_asked_again(quoted: bool, said: bool, outcome: Outcome) -> None:
    quote = make_sent_quote(customer=make_business(), small_business=quoted, **OFF)
    assert "Cinq salariés au plus" in text(visitor(quote).get(f"{quote.get_absolute_url()}signer/"))
    form: Fields = {"place": "off_premises", "kind": "business", "capacity": "gérante", "is_small": said}
    assert request_code(quote, **form)[0] is outcome


PLACES = ("on_premises", "distance", "off_premises")


@pytest.mark.parametrize("quoted", PLACES)
@pytest.mark.parametrize("declared", PLACES)
def test_row_15_a_place_that_the_quote_protects_already_is_signed(quoted: str, declared: str) -> None:
    """All nine pairs; both are recorded, the quote's own regime applies."""
    quote = make_sent_quote(contract=quoted, start="3 semaines après la signature")
    outcome, request = request_code(quote, place=declared)
    if PLACES.index(declared) > PLACES.index(quoted):
        assert outcome is Outcome.CONTRADICTION
        return
    assert request is not None
    assert sign(request, right_code(request)) is Outcome.SIGNED
    facts = quote.events.get(kind="accepted").facts
    assert (facts["place"], facts["regime"]) == (declared, quoted)
    quote = Quote.objects.get(pk=quote.pk)
    assert (payment_rules.opens_on(quote) is not None) is (quoted == "off_premises")


def test_row_22_signed_on_the_day_of_the_visit_no_money_is_asked_for() -> None:
    quote = signed(
        visited_on=SIGNED.date(), start="25 novembre 2026", delivery="25 novembre 2026", duration="1 jour"
    )
    assert payment_rules.opens_on(quote) == dt.date(2026, 12, 2)
    assert squeezed("Si vous signez le jour de notre visite") in pdf_words(quote)
    later = signed(visited_on=dt.date(2026, 11, 20))
    assert payment_rules.opens_on(later) is None


# Row 7: work that begins early


def test_row_7_only_of_services_an_early_start_is_asked_with_both_halves() -> None:
    words = {
        consent.id: consent.words
        for consent in version_of(make_sent_quote(nature="services")).reading.consents
    }
    assert "commencent avant la fin du délai" in words["early_start"]
    assert "je ne pourrai plus me rétracter" in words["early_start"]
    assert "early_start" not in {consent.id for consent in version_of(make_sent_quote()).reading.consents}


def withdrawn_and_paid(*, ticked: tuple[str, ...]) -> tuple[Quote, Payment]:
    quote = signed(nature="services", ticked=ticked)
    with time_machine.travel(SIGNED, tick=False):
        deposit = payments.ensure_deposit(quote.pk)
        assert deposit is not None
        payments.confirm_transfer(quote.pk, amount=deposit.amount, received_on=SIGNED.date(), actor=SYSTEM)
        workflow.record_otherwise(
            quote.pk, channel=Declaration.Channel.MAIL, sent_on=SIGNED.date(), name="C", actor=SYSTEM
        )
    return Quote.objects.get(pk=quote.pk), Payment.objects.get(deposit__quote=quote)


def filled(browser: Client, address: str, **fields: str) -> dict[str, str]:
    """The form as it stands, with these fields."""
    context: dict[str, Any] = browser.get(address).context_data or {}
    form = context["form"]
    return {
        "token": form["token"].value(),
        "_stamp": context["stamp"],
        "reason": "Rétractation",
    } | fields


@pytest.mark.parametrize(
    ("ticked", "amount", "kept"),
    [(("early_start",), "1787,87", "893.94"), ((), "2681,81", "0.00")],
)
def test_row_7_of_a_refund_the_share_that_was_done_is_kept_only_with_the_box(
    ticked: tuple[str, ...], amount: str, kept: str
) -> None:
    """A tenth of the price was done; without the box the whole deposit goes back, whatever is typed."""
    quote, payment = withdrawn_and_paid(ticked=ticked)
    browser, address = at_desk(quote.owner), f"/admin/payments/deposit/paiement/{payment.pk}/rembourser/"
    typed = filled(browser, address, share_done="10", amount=amount)
    if ticked:
        assert browser.post(address, typed | {"amount": "1"}).status_code == 422, "the rest is the customer's"
    answer = browser.post(address, typed)
    assert answer.status_code == 302, text(answer)
    deposit = Deposit.objects.get(quote=quote)
    assert (str(deposit.kept), deposit.owed) == (kept, Decimal(0))
    assert payment_rules.balance_status(deposit) is BalanceStatus.REFUNDED


# Row 17: the page of a contract that is over


def test_row_17_a_withdrawn_contract_says_what_goes_back_and_by_when() -> None:
    quote, _ = withdrawn_and_paid(ticked=())
    with time_machine.travel(SIGNED, tick=False):
        shown = page(quote)
    assert ">Vous avez renoncé à ce contrat</h1>" in shown
    assert f"vous sont rendus au plus tard le 8{NBSP}décembre{NBSP}2026" in shown
    assert "nous en sommes prévenus" not in shown
    assert "Devis accepté" not in shown


# What is not sent, and which notice is frozen


def test_row_4_an_exception_is_no_word_of_the_owners_alone() -> None:
    """Neither for a catalogue heat pump, nor at a distance."""
    for fields, sentence in (
        (
            OFF | {"withdrawal_exception": "made_to_measure", "withdrawal_reason": "Pompe à chaleur"},
            "Nommez l'objet",
        ),
        (URGENT | {"contract": "distance"}, "Un dépannage urgent se signe chez un particulier"),
        (URGENT | {"nature": "goods"}, "Un dépannage urgent est de la main-d'œuvre"),
    ):
        with pytest.raises(NotSendable, match=sentence):
            workflow.send(make_quote(**fields).pk, actor=SYSTEM)


def test_a_business_is_told_nothing_of_a_right_it_does_not_have() -> None:
    quote = make_quote(
        customer=make_business(), withdrawal_exception="made_to_measure", withdrawal_reason="x"
    )
    assert Draft(quote).needs.notices == ()


def test_row_8_page_and_pdf_say_the_notice_of_the_file() -> None:
    """With our address, phone and mail, and the address of the function."""
    quote = make_sent_quote()
    function = f"http://localhost{quote.get_absolute_url()}retractation/"
    notice = next(one for one in version_of(quote).reading.notices if one.id == "withdrawal").text
    assert function in notice
    assert f"04{NBSP}65{NBSP}71{NBSP}08{NBSP}42" in notice
    fixed = notices.text("avis-biens").words.split("\n\n")
    shown, document = page(quote), pdf_words(quote)
    for paragraph in fixed:
        if "{" not in paragraph:
            assert paragraph in notice
            assert paragraph in shown
            assert squeezed(paragraph) in document


def test_unread_texts_are_listed_until_somebody_has_read_them_as_they_stand() -> None:
    company = make_paying_company()
    assert {one.name for one in company.unread_texts} >= {"formulaire", "avis-biens", "avis-services"}
    company.texts_read_on, company.texts_read_digest = SIGNED.date(), notices.digest()
    assert company.unread_texts == ()
    company.texts_read_digest = "of an earlier text"
    assert company.unread_texts
