"""A withdrawal is declared, then effective: it takes no less proof than the signature that it undoes."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.models import Notification, OutgoingEmail
from payments import rules as payment_rules
from payments import workflow as payments
from payments.tests.factories import make_accepted_quote
from payments.workflow import Announced, Paying
from quotes import declaring, emails, workflow
from quotes.journal import Actor
from quotes.models import Declaration, IllegalMove, Quote
from quotes.tests.factories import (
    SYSTEM,
    mails,
    make_link,
    make_manager,
    make_sent_quote,
    secrets_of,
    visitor,
    withdraw_at_once,
)
from quotes.workflow import Coded

pytestmark = pytest.mark.django_db
STRANGER = Actor("customer", ip="203.0.113.7", agent="Tests")
TUESDAY = dt.datetime(2026, 11, 24, 13, 41, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
State, Proof = Declaration.State, Declaration.Proof


@pytest.fixture
def quote() -> Quote:
    return make_accepted_quote()


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


def path(quote: Quote, rest: str = "") -> str:
    return f"{quote.get_absolute_url()}retractation/{rest}"


TYPED = {"name": "Claire Morel", "email": "claire@exemple.net"}


def declare(quote: Quote) -> Declaration:
    """With a grant."""
    found = workflow.declare(quote.pk, name="Claire Morel", email="", actor=STRANGER)
    assert found is not None
    return found


def declare_openly(quote: Quote) -> Declaration:
    """With nothing but the address, as the sweep takes it up."""
    found = workflow.declare_openly(quote.public_id, name="Claire Morel", email="", actor=STRANGER)
    assert found is not None
    declaring.sweep()
    found.refresh_from_db()
    return found


def mailbox(quote: Quote) -> str:
    """The page that the contract's own mailbox was mailed."""
    return "/" + secrets_of("quotes/declared", quote)["page"].split("/", 3)[3]


def token(quote: Quote) -> str:
    return mailbox(quote).split("/")[2]


def now(quote: Quote) -> Quote:
    return Quote.objects.get(pk=quote.pk)


# A forwarded link alone


def test_a_forwarded_link_alone_ends_nothing_and_the_contracts_address_hears_of_it(quote: Quote) -> None:
    browser = visitor(quote)
    browser.post(path(quote), TYPED)
    assert now(quote).state == Quote.State.ACCEPTED
    assert mails("quotes/declared", quote).get().to == quote.customer.email
    assert mails("quotes/withdrawal_code", quote).get().to == quote.customer.email
    assert not mails("quotes/withdrawn", quote).exists()
    page = text(browser.get(path(quote)))
    assert "Déclaration reçue le" in page
    assert "Confirmer avec le code" in page
    assert "Sans réponse de cette adresse" in page
    assert token(quote) not in page


def test_a_stranger_guesses_five_times_a_code_and_it_is_dead(quote: Quote) -> None:
    browser = visitor(quote)
    browser.post(path(quote), TYPED)
    right = secrets_of("quotes/withdrawal_code", quote)["code"]
    wrong = "000000" if right != "000000" else "000001"
    answers = [browser.post(path(quote, "code/"), {"code": wrong}) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {422}
    assert "Il vous reste 4\u00a0essais" in text(answers[0])
    browser.post(path(quote, "code/"), {"code": right})
    assert now(quote).state == Quote.State.ACCEPTED


def test_a_code_is_of_no_use_in_another_browser_and_costs_no_try(quote: Quote) -> None:
    visitor(quote).post(path(quote), TYPED)
    code = secrets_of("quotes/withdrawal_code", quote)
    other = visitor(quote)
    assert "depuis un autre navigateur" in text(other.post(path(quote, "code/"), code, follow=True))
    assert now(quote).state == Quote.State.ACCEPTED
    assert quote.declarations.get().tries == 0


def test_a_code_dies_after_ten_minutes_and_with_the_next_one(quote: Quote) -> None:
    browser = visitor(quote)
    with time_machine.travel(TUESDAY, tick=False):
        declaration = workflow.declare(quote.pk, name="C", email="", actor=STRANGER, browser="b")
        assert declaration is not None
        first = secrets_of("quotes/withdrawal_code", quote)["code"]
        asked = workflow.mail_withdrawal_code(declaration.pk, browser="b", actor=STRANGER)
        assert asked is Coded.TOO_SOON
    with time_machine.travel(TUESDAY + dt.timedelta(minutes=1), tick=False):
        asked = workflow.mail_withdrawal_code(declaration.pk, browser="b", actor=STRANGER)
        assert asked is Coded.SENT
        if first != secrets_of("quotes/withdrawal_code", quote)["code"]:
            outcome = workflow.confirm_with_code(declaration.pk, code=first, browser="b", actor=STRANGER)
            assert outcome is Coded.WRONG_CODE
    second = secrets_of("quotes/withdrawal_code", quote)["code"]
    with time_machine.travel(TUESDAY + dt.timedelta(minutes=11), tick=False):
        outcome = workflow.confirm_with_code(declaration.pk, code=second, browser="b", actor=STRANGER)
        assert outcome is Coded.DEAD_CODE
    assert browser.get(path(quote)).status_code == 200


def test_no_more_than_six_codes_a_day_whoever_asks(quote: Quote) -> None:
    declaration, asked = declare(quote), []
    for minute in range(8):
        with time_machine.travel(timezone.now() + dt.timedelta(minutes=2 * minute + 2), tick=False):
            asked.append(workflow.mail_withdrawal_code(declaration.pk, browser="b", actor=STRANGER))
    assert asked == [Coded.SENT] * 6 + [Coded.TOO_SOON] * 2


# The contract's mailbox


def test_a_get_of_the_mailboxs_page_changes_nothing_and_its_two_buttons_act(quote: Quote) -> None:
    declare(quote)
    scanner = Client(enforce_csrf_checks=True)
    page = scanner.get(mailbox(quote))
    assert scanner.head(mailbox(quote)).status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "Je confirme" in text(page)
    assert "Ce n'était pas moi" in text(page)
    assert quote.declarations.get().state == State.DECLARED
    scanner.post(mailbox(quote))  # neither button
    assert quote.declarations.get().state == State.DECLARED
    assert "Votre rétractation est enregistrée" in text(
        scanner.post(mailbox(quote), {"answer": "confirm"}, follow=True)
    )
    assert now(quote).state == Quote.State.WITHDRAWN


def test_confirmed_late_it_is_effective_as_of_the_declaration() -> None:
    with time_machine.travel(TUESDAY, tick=False):
        quote = make_accepted_quote()
        declare_openly(quote)
    with time_machine.travel(TUESDAY + dt.timedelta(days=20), tick=False):
        assert workflow.confirm(token(quote), actor=STRANGER)
    quote = now(quote)
    assert (quote.withdrawn_at, quote.declared_at) == (TUESDAY, None)
    assert payment_rules.refund_by(quote) == dt.date(2026, 12, 8)
    end = mails("quotes/withdrawn", quote).get()
    assert "Déclaration reçue le 24\u00a0novembre\u00a02026" in end.text
    assert "8\u00a0décembre\u00a02026" in end.text
    assert [event.kind for event in quote.events.exclude(kind__startswith="mail_").order_by("-seq")[:2]] == [
        "withdrawn",
        "withdrawal_confirmed",
    ]


def test_disowned_the_contract_stands_and_the_same_page_says_so(quote: Quote) -> None:
    declare(quote)
    page = mailbox(quote)
    assert "Le contrat tient" in text(Client().post(page, {"answer": "disown"}, follow=True))
    assert (now(quote).state, now(quote).declared_at) == (Quote.State.ACCEPTED, None)
    assert quote.declarations.get().state == State.UNFOUNDED
    assert mails("quotes/disowned", quote).get().to == quote.customer.email
    assert mails("quotes/disowned_owner", quote).exists()
    Client().post(page, {"answer": "confirm"})
    assert now(quote).state == Quote.State.ACCEPTED


def test_disowning_ends_after_72_hours_to_the_second(quote: Quote) -> None:
    with time_machine.travel(TUESDAY, tick=False):
        quote = make_accepted_quote()
        declare_openly(quote)
    with time_machine.travel(TUESDAY + 72 * HOUR, tick=False):
        page = text(Client().get(mailbox(quote)))
        assert "Je confirme" in page
        assert 'value="disown"' not in page
        assert not workflow.disown(token(quote), actor=STRANGER)
    with time_machine.travel(TUESDAY + 72 * HOUR - dt.timedelta(seconds=1), tick=False):
        assert workflow.disown(token(quote), actor=STRANGER)


def test_there_is_no_way_back_from_withdrawn(quote: Quote) -> None:
    declare(quote)
    workflow.record_withdrawal(quote.pk, actor=SYSTEM)
    assert not workflow.disown(token(quote), actor=STRANGER)
    assert now(quote).state == Quote.State.WITHDRAWN
    with pytest.raises(IllegalMove):
        workflow.record_withdrawal(quote.pk, actor=SYSTEM)


def test_an_unknown_token_and_the_forwarded_links_own_open_no_such_page(quote: Quote) -> None:
    declare(quote)
    link = make_link(quote)[1]
    for address in ("/l/" + "A" * 43 + "/retractation/", f"{link}retractation/"):
        assert Client().get(address).status_code == 404
        assert Client().post(address, {"answer": "confirm"}).status_code == 404
    assert now(quote).state == Quote.State.ACCEPTED


def test_a_new_address_of_the_customer_is_asked_and_the_old_one_is_not_any_more(quote: Quote) -> None:
    declare(quote)
    old = mailbox(quote)
    workflow.change_email(quote.customer_id, email="claire@ailleurs.example", actor=SYSTEM)
    assert Client().get(old).status_code == 404
    declaring.sweep()
    assert mails("quotes/declared", quote).latest("pk").to == "claire@ailleurs.example"
    assert Client().get(mailbox(quote)).status_code == 200
    assert Client().get(old).status_code == 404


# Silence, and what waits to be matched


def test_72_hours_of_silence_make_it_effective_where_it_came_with_a_grant() -> None:
    with time_machine.travel(TUESDAY, tick=False):
        quote = make_accepted_quote()
        declare(quote)
    for instant, state in (
        (TUESDAY + 72 * HOUR - dt.timedelta(seconds=1), Quote.State.ACCEPTED),
        (TUESDAY + 72 * HOUR, Quote.State.WITHDRAWN),
    ):
        with time_machine.travel(instant, tick=False):
            declaring.sweep()
            assert now(quote).state == state
    assert now(quote).withdrawn_at == TUESDAY


def test_without_a_grant_it_waits_and_owner_and_managers_are_told_daily() -> None:
    manager = make_manager()
    with time_machine.travel(TUESDAY, tick=False):
        quote = make_accepted_quote()
        declaration = declare_openly(quote)
    assert (declaration.proof, declaration.state) == (Proof.NONE, State.DECLARED)
    for day, told in ((1, 1), (1, 1), (2, 2), (30, 3)):
        with time_machine.travel(TUESDAY + dt.timedelta(days=day), tick=False):
            declaring.sweep()
        again = mails("quotes/declared_again_owner", quote)
        for person in (quote.owner, manager):
            assert again.filter(to=person.email).count() == told
    assert now(quote).state == Quote.State.ACCEPTED
    workflow.record_withdrawal(quote.pk, actor=SYSTEM)
    with time_machine.travel(TUESDAY + dt.timedelta(days=60), tick=False):
        declaring.sweep()
    assert mails("quotes/declared_again_owner", quote).count() == 6


def test_what_came_without_a_grant_keeps_its_moment_when_a_grant_comes(quote: Quote) -> None:
    with time_machine.travel(TUESDAY, tick=False):
        quote = make_accepted_quote()
        first = declare_openly(quote)
    old = mailbox(quote)
    with time_machine.travel(TUESDAY + 5 * HOUR, tick=False):
        declare(quote)
        first.refresh_from_db()
        assert (first.proof, first.declared_at) == (Proof.GRANT, TUESDAY)
        assert first.answer_until == TUESDAY + 77 * HOUR
    assert Client().get(old).status_code == 404
    assert Declaration.objects.filter(quote=quote).count() == 1


# The open door


def test_it_answers_alike_for_any_id_and_looks_nothing_up(quote: Quote) -> None:
    sent, pages, counts = make_sent_quote(), [], []
    with time_machine.travel(TUESDAY, tick=False):
        for public_id in (quote.public_id, sent.public_id, "0" * 16):
            browser = Client()
            form = browser.get(f"/devis/{public_id}/retractation/")
            assert form.status_code == 200
            with CaptureQueriesContext(connection) as seen:
                answer = browser.post(f"/devis/{public_id}/retractation/", {"name": "Claire Morel"})
            pages.append((answer.status_code, *(without(public_id, page) for page in (form, answer))))
            counts.append([re.sub(r"_x\d+", "", query["sql"])[:40] for query in seen.captured_queries])
            assert 'quotes_quote"' not in " ".join(query["sql"] for query in seen.captured_queries)
    assert len(set(pages)) == 1
    assert pages[0][0] == 200
    assert counts[0] == counts[1] == counts[2]
    assert "24\u00a0novembre\u00a02026" in html.unescape(str(pages[0][2]))


def without(public_id: str, response: Any) -> str:
    """Its words, without what is this browser's own."""
    lines = response.content.decode().replace(public_id, "").split("<")
    return "<".join(line for line in lines if "hidden" not in line)


def test_a_declaration_without_grant_reaches_the_contracts_address(quote: Quote) -> None:
    Client().post(path(quote), TYPED)
    declaring.sweep()
    declaration = quote.declarations.get()
    assert declaration.proof == Proof.NONE
    assert now(quote).declared_at == declaration.declared_at
    assert mails("quotes/declared", quote).get().to == quote.customer.email
    assert OutgoingEmail.objects.get(message="quotes/declared_copy").to == "claire@exemple.net"


def test_a_declaration_of_the_last_second_counts_though_it_is_taken_up_later() -> None:
    with time_machine.travel(TUESDAY, tick=False):
        quote = make_accepted_quote()
    with time_machine.travel(dt.datetime(2026, 12, 8, 22, 59, 59, tzinfo=dt.UTC), tick=False):
        Client().post(path(quote), TYPED)
    with time_machine.travel(dt.datetime(2026, 12, 8, 23, 0, 9, tzinfo=dt.UTC), tick=False):
        declaring.sweep()
    assert quote.declarations.get().stands


def test_what_fits_no_contract_is_kept_and_told_behind_the_bell(quote: Quote) -> None:
    manager, sent = make_manager(), make_sent_quote()
    for public_id in ("0" * 16, sent.public_id):
        Client().post(f"/devis/{public_id}/retractation/", TYPED)
    declaring.sweep()
    declaring.sweep()
    assert Declaration.objects.filter(quote=None, state=State.DECLARED).count() == 2
    assert (
        Notification.objects.unread(manager).get().text.startswith("Rétractation déclarée au nom de Claire")
    )
    assert sent.number in Notification.objects.unread(sent.owner).get().text
    assert not mails("quotes/declared", sent).exists()
    assert now(sent).declared_at is None


def test_too_late_behind_a_link_the_declaration_is_taken_all_the_same() -> None:
    quote = make_accepted_quote(nature="services")
    Quote.objects.filter(pk=quote.pk).update(accepted_at=timezone.now() - dt.timedelta(days=40))
    answer = visitor(quote).post(path(quote), TYPED)
    assert "Déclaration reçue le" in text(answer)
    assert Declaration.objects.get().named == quote.public_id
    declaring.sweep()
    assert now(quote).declared_at is None
    assert quote.number in Notification.objects.unread(quote.owner).get().text


def test_a_network_declares_twenty_times_an_hour_whatever_it_names() -> None:
    answers = [
        workflow.declare_openly(f"{n:016}", name="C", email="", actor=STRANGER) is not None for n in range(21)
    ]
    assert answers == [True] * 20 + [False]
    browser = Client(REMOTE_ADDR=STRANGER.ip)
    assert browser.post("/devis/abc/retractation/", TYPED).status_code == 429


# Receipts


def test_of_what_is_typed_hardly_a_word_is_mailed(quote: Quote) -> None:
    lure = "Gagnez 500 € <b>ici</b> : https://piege.example/ d'Aix-en" + "x" * 100
    workflow.declare(quote.pk, name=lure, email="victime@exemple.net", actor=STRANGER)
    for email in OutgoingEmail.objects.filter(message__startswith="quotes/declared"):
        words = f"{email.subject} {email.text} {email.html}"
        assert "piege.example" not in words.replace("httpspiegeexample", "")
        assert "500" not in words.split("Je soussigné(e)")[1].split("renonce", maxsplit=1)[0]
        assert "victime" not in words
    name = quote.declarations.get().signed_name
    assert len(name) == 80
    assert set("<>:/.€0123456789").isdisjoint(name)
    assert "d'Aix-en" in name


def test_a_typed_address_gets_one_copy_a_day_and_the_installation_twenty() -> None:
    def typed(email: str) -> int:
        declaration = Declaration(named="x", name="C", email=email)
        emails.copy_of_declaration(declaration, number="")
        return OutgoingEmail.objects.filter(message="quotes/declared_copy").count()

    make_accepted_quote()
    assert [typed("a@exemple.net"), typed("A@exemple.net")] == [1, 1]
    for n in range(25):
        typed(f"{n}@exemple.net")
    assert typed("encore@exemple.net") == 20


def test_a_number_is_told_only_where_it_has_the_form_of_one() -> None:
    declaration = Declaration(named="x", name="Claire Morel")
    words = emails.declared_words
    assert (
        words(declaration, number="D-2026-0148")
        == "Je soussigné(e) Claire Morel renonce au contrat D-2026-0148."
    )
    for typed in ("", "D-2026-0148 https://piege.example", "d-2026-0148", "D-２０２６-0148", "D-2026-0148\n"):
        assert words(declaration, number=typed) == "Je soussigné(e) Claire Morel renonce à mon contrat."


def test_the_receipt_is_saved_as_a_file_and_nothing_but_ours(quote: Quote) -> None:
    browser = Client()
    page = text(browser.post(path(quote), TYPED))
    signed = page.split('name="receipt" value="')[1].split('"')[0]
    saved = browser.post(path(quote, "accuse/"), {"receipt": signed})
    assert saved.headers["Content-Disposition"] == 'attachment; filename="accuse-retractation.txt"'
    assert "Déclaration reçue le" in text(saved)
    assert "Claire Morel renonce" in text(saved)
    for forged in ("", f"{signed}x"):
        assert browser.post(path(quote, "accuse/"), {"receipt": forged}).status_code == 404


# Money stops, and the desk


def test_while_it_stands_nothing_is_asked_and_nothing_taken(quote: Quote, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_logisav0123456789"
    declare(quote)
    assert payments.pay_by_card(quote.pk, actor=STRANGER)[0] is Paying.DECLARED
    assert payments.announce_transfer(quote.pk, actor=STRANGER) is Announced.NOT_OPEN
    page = text(visitor(quote).get(quote.get_absolute_url()))
    assert "Rétractation déclarée le" in page
    assert "J'ai fait le virement" not in page
    quote.refresh_from_db()
    assert payment_rules.asks_nothing(quote)
    workflow.disown(token(quote), actor=STRANGER)
    assert payments.announce_transfer(quote.pk, actor=STRANGER) is Announced.DONE


def test_reminders_of_the_deposit_stop_and_come_back(quote: Quote) -> None:
    payments.ensure_deposit(quote.pk)
    declare(quote)
    in_a_month = timezone.now() + dt.timedelta(days=30)
    with time_machine.travel(in_a_month, tick=False):
        payments.sweep()
        assert not mails("payments/reminder", quote).exists()
    workflow.disown(token(quote), actor=STRANGER)
    with time_machine.travel(in_a_month, tick=False):
        payments.sweep()
        assert mails("payments/reminder", quote).exists()


def test_once_withdrawn_a_second_declaration_changes_nothing(quote: Quote) -> None:
    assert withdraw_at_once(quote.pk)
    before = now(quote).withdrawn_at
    Client().post(path(quote), TYPED)
    declaring.sweep()
    assert now(quote).withdrawn_at == before
    assert mails("quotes/declared", quote).count() == 1


def test_the_no_break_spaces_of_a_name_are_spaces_in_what_we_mail() -> None:
    assert Declaration(name="Mme\u00a0Inès\u00a0Robin").signed_name == "Mme Inès Robin"
