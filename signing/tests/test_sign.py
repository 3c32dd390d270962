"""From form to signature: what the right code does, and what every other one does not."""

from __future__ import annotations

import datetime as dt
import html
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from logisav.desk.tests.desk import at_desk, owner, page_of, text
from notifications.models import Notification
from quotes import journal, workflow
from quotes.models import AccessLink, Quote
from quotes.tests.factories import (
    SYSTEM,
    mails,
    make_link,
    make_quote,
    make_sent_quote,
    secrets_of,
    send,
    send_again,
    version_of,
)
from signing.models import BUTTON, Signature, SigningRequest
from signing.tests.factories import (
    make_form,
    make_signature,
    make_signing_request,
    request_code,
    right_code,
    sign,
    wrong_code,
)
from signing.workflow import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def quote() -> Quote:
    return make_sent_quote()


def test_the_right_code_accepts_the_quote_and_tells_the_owner_twice(quote: Quote) -> None:
    request = make_signing_request(quote)
    assert sign(request, right_code(request)) is Outcome.SIGNED
    quote.refresh_from_db()
    assert quote.state == Quote.State.ACCEPTED
    assert mails("signing/accepted_owner", quote).get().to == quote.owner.email
    assert Notification.objects.unread(quote.owner).get().kind == "accepted"


@pytest.mark.parametrize(
    ("first_name", "last_name", "is_another"),
    [("Odette", "Test", True), ("CLAIRE", "Morel", False), ("Claire", "Morel-Dupont", False)],
)
def test_the_owner_is_told_when_another_name_signed_than_the_customers(
    first_name: str, last_name: str, is_another: bool
) -> None:
    """A spouse, a son or a stranger: whether the person had the right to is asked by telephone."""
    quote = make_sent_quote(owner=owner())
    request = make_signing_request(quote, first_name=first_name, last_name=last_name)
    assert sign(request, right_code(request)) is Outcome.SIGNED
    told = mails("signing/accepted_owner", quote).get().text
    assert ("c'est un autre nom qui l'a signé" in told) is is_another
    assert ("vérifiez qui s'engage" in Notification.objects.get(kind="accepted").text) is is_another
    shown = html.unescape(text(at_desk(quote.owner).get(page_of(quote))))
    assert ("c'est un autre nom qui l'a signé" in shown) is is_another


def test_the_signature_keeps_who_when_what_and_how(quote: Quote) -> None:
    signature = make_signature(quote)
    version = version_of(quote)
    facts = quote.events.get(kind="accepted").facts
    assert signature.version_hash == version.version_hash == facts["version_hash"]
    assert signature.ip == "203.0.113.24"
    assert facts["button"] == BUTTON
    assert facts["consents"] == [
        {"id": consent.id, "words": consent.words} for consent in version.reading.consents if consent.required
    ]
    assert facts["pdf_sha256"] == version.pdf_sha256
    assert (signature.journal_seq, signature.journal_hash) == (
        quote.events.get(kind="accepted").seq,
        quote.events.get(kind="accepted").hash,
    )
    assert journal.first_bad_row(quote) is None


def test_who_signs_is_told_alike_by_form_request_signature_and_journal() -> None:
    """The keys of the facts are part of the journal's format."""
    said: dict[str, Any] = {
        "capacity": "Gérante",
        "drawing": b"PNG",
        "consents": frozenset({"quote", "electronic", "vat_5_5"}),
    }
    typed, request = make_form(**said), make_signing_request(**said)
    assert sign(request, right_code(request)) is Outcome.SIGNED
    signature = Signature.objects.get(quote=request.quote)
    assert typed == request.signatory == signature.signatory
    asked, accepted = (request.quote.events.get(kind=kind).facts for kind in ("code_requested", "accepted"))
    shown = {
        "first_name": "Claire",
        "last_name": "Morel",
        "phone": "06 39 98 12 34",
        "capacity": "Gérante",
        "place": "distance",
        "signs_as": "individual",
        "email": request.link.email,
        "consents": request.consents,
    }
    assert {name: asked.pop(name) for name in shown} == {name: accepted.pop(name) for name in shown} == shown
    assert set(asked) == {
        "challenge", "version", "version_hash", "link", "drawing_sha256", "expires_at",
    }  # fmt: skip
    assert set(accepted) == {
        "challenge", "tries", "version", "version_hash", "content_sha256", "pdf_sha256", "button", "total",
        "deposit", "reference", "regime",
    }  # fmt: skip


def test_a_wrong_code_costs_a_try(quote: Quote) -> None:
    request = make_signing_request(quote)
    assert sign(request, wrong_code(request)) is Outcome.WRONG_CODE
    request.refresh_from_db()
    assert request.tries == 1
    assert not Signature.objects.exists()


def test_after_five_tries_even_the_right_code_is_refused(quote: Quote) -> None:
    request = make_signing_request(quote)
    code, wrong = right_code(request), wrong_code(request)
    assert [sign(request, wrong) for _ in range(5)] == [Outcome.WRONG_CODE] * 5
    assert sign(request, code) is Outcome.TOO_MANY_TRIES


def test_the_same_code_again_gives_the_same_result(quote: Quote) -> None:
    request = make_signing_request(quote)
    code = right_code(request)
    assert [sign(request, code), sign(request, code)] == [Outcome.SIGNED] * 2
    assert Signature.objects.count() == 1
    assert quote.events.filter(kind="accepted").count() == 1


def test_a_code_lives_ten_minutes_to_the_second(quote: Quote) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        request = make_signing_request(quote)
        code = right_code(request)
    with time_machine.travel(now + dt.timedelta(seconds=600), tick=False):
        assert sign(request, code) is Outcome.DEAD_CODE
    with time_machine.travel(now + dt.timedelta(seconds=599), tick=False):
        assert sign(request, code) is Outcome.SIGNED


def test_a_code_never_outlives_its_link(quote: Quote) -> None:
    link, _ = make_link(quote)
    with time_machine.travel(link.expires_at - dt.timedelta(minutes=4)):
        request = make_signing_request(quote, link=link)
    assert request.expires_at == link.expires_at


def test_a_code_of_a_revoked_link_is_of_no_use(quote: Quote) -> None:
    request = make_signing_request(quote)
    code = right_code(request)
    AccessLink.objects.update(revoked_at=timezone.now())
    assert sign(request, code) is Outcome.NOT_OPEN
    assert not Signature.objects.exists()


def test_another_browser_gets_a_message_and_no_try_is_used(quote: Quote) -> None:
    request = make_signing_request(quote)
    assert sign(request, right_code(request), browser="c" * 64) is Outcome.OTHER_BROWSER
    request.refresh_from_db()
    assert request.tries == 0


def test_a_new_code_kills_the_old_one(quote: Quote) -> None:
    old = make_signing_request(quote)
    code = right_code(old)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=61)):
        make_signing_request(quote)
        old.refresh_from_db()
        assert old.state == SigningRequest.State.REPLACED
        assert sign(old, code) is Outcome.DEAD_CODE


def test_a_new_code_waits_for_a_minute(quote: Quote) -> None:
    make_signing_request(quote)
    assert request_code(quote)[0] is Outcome.TOO_SOON


def test_every_required_consent_must_be_given(quote: Quote) -> None:
    assert request_code(quote, consents=frozenset({"quote"})) == (Outcome.CHANGED, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Autre chose"},
        {"deposit_value": 50},
        {"conditions": "Payable d'avance."},
        {"worksite": "Ailleurs"},
        {"valid_until": dt.date(2099, 1, 1)},
        {"intro": "Bonjour."},
        {"outro": "Au revoir."},
        {"start": "demain"},
        {"duration": "un an"},
        {"contract": "on_premises"},
        {},
    ],
    ids=lambda changes: next(iter(changes), "nothing but the version"),
)
def test_a_version_sent_meanwhile_kills_the_code(quote: Quote, changes: dict[str, object]) -> None:
    request = make_signing_request(quote)
    code = right_code(request)
    send_again(quote, **changes)
    assert sign(request, code) is Outcome.CHANGED
    assert not Signature.objects.exists()


def test_a_frozen_text_altered_in_the_database_cannot_be_signed(quote: Quote) -> None:
    request = make_signing_request(quote)
    code = right_code(request)
    version = version_of(quote)
    version.content = version.content.replace("6890", "9890")
    version.save()
    assert sign(request, code) is Outcome.CHANGED


def test_a_refused_blocked_or_expired_quote_cannot_be_signed(quote: Quote) -> None:
    request = make_signing_request(quote)
    code = right_code(request)
    workflow.block(quote.pk, reason="", actor=SYSTEM)
    assert sign(request, code) is Outcome.NOT_OPEN
    workflow.unblock(quote.pk, actor=SYSTEM)
    version = version_of(quote)
    version.valid_until = timezone.localdate() - dt.timedelta(days=1)
    version.save()
    assert sign(request, code) is Outcome.NOT_OPEN


def test_a_refused_quote_that_was_filed_is_not_said_to_be_signed(quote: Quote) -> None:
    request = make_signing_request(quote)
    code = right_code(request)
    workflow.mark_refused(quote.pk, reason="", actor=SYSTEM)
    workflow.mark_done(quote.pk, actor=SYSTEM)
    assert sign(request, code) is Outcome.NOT_OPEN
    assert not Signature.objects.exists()


def test_a_working_copy_under_revision_does_not_touch_what_is_signed() -> None:
    quote = send(make_quote(title="Chaudière"))
    request = make_signing_request(quote)
    workflow.revise(quote.pk, actor=SYSTEM)
    Quote.objects.filter(pk=quote.pk).update(title="Autre chose")
    assert sign(request, right_code(request)) is Outcome.SIGNED
    assert Signature.objects.get().version.reading.title == "Chaudière"


def test_the_code_is_stored_nowhere(quote: Quote) -> None:
    request = make_signing_request(quote)
    code = secrets_of("signing/code", quote)["code"]
    mail = mails("signing/code", quote).get()
    stored = f"{mail.subject} {mail.text} {mail.html} {mail.context} {vars(request)}"
    stored += " ".join(quote.events.values_list("record", flat=True))
    assert code not in stored.replace(" ", "")
    assert f"{code[:3]} {code[3:]}" not in stored
    assert "••••••" in mail.text


def test_the_request_that_accepts_does_only_database_work(
    quote: Quote, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = make_signing_request(quote)
    code = right_code(request)

    def forbidden(*args: object, **options: object) -> None:
        raise AssertionError("no file, no process and no network while the customer waits")

    monkeypatch.setattr("django.core.files.storage.FileSystemStorage._open", forbidden)
    monkeypatch.setattr("django.core.files.storage.FileSystemStorage._save", forbidden)
    monkeypatch.setattr("subprocess.Popen.__init__", forbidden)
    monkeypatch.setattr("lib.warm.Warm.run", forbidden)
    monkeypatch.setattr("smtplib.SMTP.__init__", forbidden)
    assert sign(request, code) is Outcome.SIGNED
