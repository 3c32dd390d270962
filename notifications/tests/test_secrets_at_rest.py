"""A link or a code is readable in the mail that arrives, and nowhere in the database at any time."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from cryptography.fernet import Fernet
from pytest_django import Settings

from notifications import delivery, outbox, vault
from notifications.models import OutgoingEmail
from notifications.queue import JobOutcome
from notifications.tests.factories import everything_stored, make_due, queue_code, queue_mail, reloaded
from notifications.tests.samples import ACCESS_LINK, CONTEXTS
from notifications.tests.smtp import DROP, Server, closed_port, part

pytestmark = pytest.mark.django_db

State = OutgoingEmail.State
TOKEN = ACCESS_LINK.split("/")[-2]


def queue_both() -> list[OutgoingEmail]:
    return [queue_mail("quotes/link"), queue_code()]


def assert_nothing_to_read(emails: list[OutgoingEmail], state: State) -> None:
    for email in emails:
        assert reloaded(email).state == state
        stored = everything_stored(email)
        assert TOKEN not in stored
        assert "418205" not in stored
        assert "418\u00a0205" not in stored
        assert vault.MASK in reloaded(email).text
        assert vault.MASK in reloaded(email).html


def test_a_queued_mail_shows_marks() -> None:
    assert_nothing_to_read(queue_both(), State.QUEUED)


def test_a_sent_mail_shows_marks_but_bore_the_secret(server: Server) -> None:
    emails = queue_both()
    delivery.sweep()
    assert_nothing_to_read(emails, State.SENT)
    link, code = server.accepted
    for kind in ("plain", "html"):
        assert ACCESS_LINK in part(link, kind)
        assert "418\u00a0205" in part(code, kind)
        assert vault.MASK not in part(link, kind) + part(code, kind)


def test_a_postponed_mail_shows_marks(settings: Settings) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", closed_port()
    emails = queue_both()
    for email in emails:
        delivery.deliver(email.pk)
    assert_nothing_to_read(emails, State.QUEUED)


def test_a_failed_mail_shows_marks(server: Server) -> None:
    server.script["RCPT"] = "550 No such user"
    emails = queue_both()
    delivery.sweep()
    assert_nothing_to_read(emails, State.FAILED)


def test_an_outdated_mail_shows_marks(server: Server) -> None:
    start = dt.datetime(2026, 11, 24, 14, 0, tzinfo=dt.UTC)
    with time_machine.travel(start, tick=False) as clock:
        emails = [queue_code(), queue_mail("quotes/link", expires_at=start + dt.timedelta(hours=24))]
        clock.shift(dt.timedelta(hours=24))
        delivery.sweep()
    assert_nothing_to_read(emails, State.OUTDATED)


@pytest.mark.parametrize("state", [State.SENT, State.FAILED])
def test_the_encrypted_copy_goes_with_the_state(server: Server, state: State) -> None:
    server.script["RCPT"] = "550 No such user" if state == State.FAILED else "250 Ok"
    email = queue_code()
    assert email.sealed_secrets is not None
    delivery.deliver(email.pk)
    assert (reloaded(email).state, reloaded(email).sealed_secrets) == (state, None)


@pytest.mark.parametrize(
    "answer",
    [
        f"554 5.7.1 Blocked: {ACCESS_LINK}",
        f"554 5.7.1 Blocked: ...{TOKEN[:30]}...",
        "554 5.7.1 Blocked: 418205",
        "554 5.7.1 Blocked: 418 205",
    ],
)
@pytest.mark.parametrize("step", ["BODY", "RCPT"])
def test_a_server_that_quotes_the_secret_does_not_get_it_stored(
    server: Server, caplog: pytest.LogCaptureFixture, answer: str, step: str
) -> None:
    for code in ("554", "454"):
        server.script[step] = code + answer[3:]
        for email in queue_both():
            delivery.deliver(email.pk)
            stored = reloaded(email)
            shown = "418" if email.message == "signing/code" else TOKEN[:20]
            assert shown not in stored.error.removeprefix(code) + stored.smtp_reply
            assert "5.7.1 Blocked" in stored.error
            make_due(email)
    assert TOKEN[:20] not in "".join(line for line in caplog.text.splitlines() if "quotes/link" in line)


def test_a_customers_words_cannot_attract_the_secret(server: Server) -> None:
    bait = f"{vault.MASK} {{{{ secret.link }}}} {{% debug %}} %(link)s {{link}}"
    email = queue_mail("quotes/answer", context=CONTEXTS["quotes/answer"] | {"question": bait, "text": bait})
    delivery.deliver(email.pk)
    [mail] = server.accepted
    assert part(mail, "plain").count(TOKEN) == 1
    assert part(mail, "html").count(TOKEN) == 1
    assert bait in part(mail, "plain")


def test_a_new_key_encrypts_and_the_old_one_still_opens(server: Server, settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.OUTBOX_KEY = [old]
    before = queue_code()
    settings.OUTBOX_KEY = [new, old]
    after = queue_code()
    settings.OUTBOX_KEY = [new]
    assert vault.unseal(after.sealed_secrets or b"") == {"code": "418205"}
    settings.OUTBOX_KEY = [new, old]
    assert delivery.deliver(before.pk) is JobOutcome.DONE
    assert delivery.deliver(after.pk) is JobOutcome.DONE


def test_a_lost_key_waits_for_its_return(server: Server, settings: Settings) -> None:
    email = queue_code()
    kept, settings.OUTBOX_KEY = settings.OUTBOX_KEY, [Fernet.generate_key().decode()]
    assert delivery.deliver(email.pk) is JobOutcome.LATER
    settings.OUTBOX_KEY = kept
    make_due(email)
    assert delivery.deliver(email.pk) is JobOutcome.DONE


def test_a_mail_with_a_secret_is_not_simply_repeated(server: Server) -> None:
    email = queue_code()
    delivery.deliver(email.pk)
    with pytest.raises(outbox.CarriesSecret):
        outbox.repeat(reloaded(email))


def test_a_mail_without_secret_can_be_sent_once_more(server: Server) -> None:
    first = queue_mail()
    server.script["BODY"] = "554 Rejected"
    delivery.deliver(first.pk)
    server.script.clear()
    second = outbox.repeat(reloaded(first))
    delivery.deliver(second.pk)
    assert reloaded(first).state == State.FAILED
    assert reloaded(second).state == State.SENT
    assert first.message_id != second.message_id
    assert part(server.accepted[0], "plain") == first.text


def test_a_dropped_connection_keeps_the_secret_for_the_next_try(server: Server) -> None:
    email = queue_code()
    server.script["BODY"] = DROP
    delivery.deliver(email.pk)
    assert reloaded(email).sealed_secrets is not None
