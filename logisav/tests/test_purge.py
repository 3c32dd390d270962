"""`manage.py purge` forgets what is of no use any more, and nothing that proves anything."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from lib import limiter, retention
from lib.french import in_paris
from lib.models import Counter
from lib.retention import Rule
from logisav import purging
from logisav.desk.tests.desk import administrator, at_desk
from logisav.staff import emails
from logisav.staff.models import Invitation, Session
from notifications import outbox
from notifications.models import FORGOTTEN, Notification, OutgoingEmail
from payments.models import StripeEvent
from quotes import list_columns, workflow
from quotes.models import AccessLink, DraftPdf, Quote, QuoteEvent, StagedImport
from quotes.tests.factories import (
    SYSTEM,
    make_company,
    make_link,
    make_owner,
    make_quote,
    make_sent_quote,
    visitor,
)
from signing.models import Signature, SigningRequest
from signing.proof import evidence, proof_file
from signing.tests.factories import make_signing_request
from signing.tests.sealed import make_whole_document

pytestmark = pytest.mark.django_db
YEAR = dt.timedelta(days=365)
SECOND = dt.timedelta(seconds=1)


def purge(*options: str) -> dict[str, int]:
    """Rows by rule, as the table tells them."""
    out = io.StringIO()
    call_command("purge", *options, stdout=out)
    lines = (re.fullmatch(r"(.{46}) .* (\d+)", line) for line in out.getvalue().splitlines()[1:])
    return {line[1].strip(): int(line[2]) for line in lines if line}


def deliver_all() -> None:
    OutgoingEmail.objects.update(
        state=OutgoingEmail.State.SENT,
        sent_at=timezone.now(),
        next_try_at=timezone.now(),
        smtp_reply="250 2.0.0 Ok",
        sealed_secrets=None,
        told=True,
    )


def make_event(name: str, *, status: str) -> StripeEvent:
    return StripeEvent.objects.create(
        event_id=name, type="checkout.session.completed", payload={"id": name}, livemode=False, status=status
    )


# Each rule takes what is past its time, at that second, and leaves the rest


def session() -> Model:
    now = timezone.now()
    return Session.objects.create(
        session_key="k" * 64, session_data="", expire_date=now, since=now, used_at=now
    )


def counter() -> Model:
    limiter.take(limiter.LINK.of(quote=1))
    Counter.objects.update(expires_at=timezone.now())
    return Counter.objects.get()


def read_line() -> Model:
    line = outbox.notify(make_owner(), kind="question", text="Une question", about="", url="")
    Notification.objects.update(read_at=timezone.now())
    return line


def invitation() -> Model:
    return Invitation.objects.create(
        email="nouvelle@thermo-rhone.example",
        last_name="Petit",
        token_sha256="0" * 64,
        expires_at=timezone.now(),
    )


def unopened_link() -> Model:
    link, _ = make_link(make_quote())
    AccessLink.objects.update(expires_at=timezone.now())
    return link


def receipt() -> Model:
    make_company()
    workflow.declare_openly(named="D-2020-0001", name="Claire", email="claire@exemple.fr", actor=SYSTEM)
    deliver_all()
    OutgoingEmail.objects.exclude(about="Rétractation").delete()
    return OutgoingEmail.objects.get()


def draft() -> Model:
    return DraftPdf.objects.create(quote=make_quote(), content="{}", content_sha256="0" * 64)


def staged() -> Model:
    return StagedImport.objects.create(kind="customers", by=make_owner(), file_name="a.csv", text="a")


@pytest.mark.parametrize(
    ("make", "kept_for"),
    [
        (session, dt.timedelta(0)),
        (counter, dt.timedelta(0)),
        (read_line, dt.timedelta(days=180)),
        (invitation, dt.timedelta(days=90)),
        (unopened_link, YEAR),
        (receipt, YEAR),
        (draft, dt.timedelta(days=1)),
        (staged, dt.timedelta(days=1)),
    ],
)
def test_a_row_goes_when_its_time_is_over_and_not_a_second_before(
    make: Callable[[], Model], kept_for: dt.timedelta
) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        row = make()
    with time_machine.travel(start + kept_for - SECOND, tick=False):
        purge("--do")
        assert type(row)._default_manager.filter(pk=row.pk).exists()
    with time_machine.travel(start + kept_for, tick=False):
        assert sum(purge().values()) >= 1
        assert type(row)._default_manager.filter(pk=row.pk).exists(), "a dry run removes nothing"
        purge("--do")
    assert not type(row)._default_manager.filter(pk=row.pk).exists()


def test_a_line_that_nobody_has_read_stays() -> None:
    line = outbox.notify(make_owner(), kind="question", text="Une question", about="", url="")
    with time_machine.travel(timezone.now() + 3 * YEAR):
        purge("--do")
    assert Notification.objects.filter(pk=line.pk).exists()


def test_links_that_something_rests_on_stay() -> None:
    """Opened, what a form was filled in behind, of a contract, of a version that can still be signed."""
    opened = make_link(quote := make_sent_quote())[0]
    AccessLink.objects.filter(pk=opened.pk).update(opened_at=timezone.now())
    referred = make_signing_request().link
    contract = make_link(make_sent_quote())[0]
    Quote.objects.filter(pk=contract.quote_id).update(accepted_at=timezone.now())
    in_force = make_link(make_sent_quote())[0]
    later = timezone.now() + 3 * YEAR
    Quote.objects.filter(pk=in_force.quote_id).update(in_force_until=in_paris(later).date())
    dead = make_link(quote)[0]
    lists = list(list_columns.differing())  # these rows were changed behind the journal's back
    with time_machine.travel(later):
        purge("--do")
    left = set(AccessLink.objects.values_list("pk", flat=True))
    assert {opened.pk, referred.pk, contract.pk, in_force.pk} <= left
    assert dead.pk not in left
    assert SigningRequest.objects.get().link == referred
    assert list(list_columns.differing()) == lists


# Contents go, rows stay


def test_the_words_of_a_mail_go_and_that_it_left_stays() -> None:
    quote = make_sent_quote()
    deliver_all()
    before = OutgoingEmail.objects.get(about=quote.number)
    with time_machine.travel(timezone.now() + YEAR + dt.timedelta(days=60)):
        assert purge("--do")["textes des mails"] == 1
        assert purge("--do")["textes des mails"] == 0
    mail = OutgoingEmail.objects.get(pk=before.pk)
    assert (mail.text, mail.html, mail.context) == (FORGOTTEN, f"<p>{FORGOTTEN}</p>", {})
    kept = ("message_id", "smtp_reply", "sent_at", "to", "subject", "about", "state")
    assert all(getattr(mail, name) == getattr(before, name) for name in kept)


def test_a_mail_whose_words_are_gone_is_not_sent_again() -> None:
    emails.account_changed(make_owner(), "Votre mot de passe a été changé.")
    deliver_all()
    OutgoingEmail.objects.all().forget_words()
    mail = OutgoingEmail.objects.get()
    with pytest.raises(outbox.Held, match="trop ancien"):
        outbox.repeat(mail)
    page = at_desk(administrator()).get(f"/admin/notifications/outgoingemail/{mail.pk}/change/")
    words = html.unescape(page.content.decode())
    assert FORGOTTEN in words
    assert "Ce mail est trop ancien pour repartir" in words
    assert "renvoyer/" not in words


@pytest.mark.parametrize("state", ["queued", "sending", "attention"])
def test_a_mail_that_is_not_over_keeps_its_words(state: str) -> None:
    make_sent_quote()
    deliver_all()
    OutgoingEmail.objects.update(state=state)
    with time_machine.travel(timezone.now() + 3 * YEAR):
        assert purge("--do")["textes des mails"] == 0


def test_a_mail_that_may_still_come_into_a_proof_file_keeps_its_words() -> None:
    quote = make_sent_quote()
    deliver_all()
    later = timezone.now() + 2 * YEAR
    Quote.objects.filter(pk=quote.pk).update(in_force_until=in_paris(later).date())
    with time_machine.travel(later):
        assert purge("--do")["textes des mails"] == 0


def test_what_stripe_said_goes_and_that_it_was_heard_stays() -> None:
    done = [make_event("evt_applied", status="applied"), make_event("evt_ignored", status="ignored")]
    open_ = [make_event("evt_aside", status="set_aside"), make_event("evt_new", status="received")]
    with time_machine.travel(timezone.now() + dt.timedelta(days=181)):
        assert purge("--do")["contenu des événements Stripe"] == 2
        assert purge("--do")["contenu des événements Stripe"] == 0
    for event in (*done, *open_):
        event.refresh_from_db()
    assert [event.payload for event in done] == [{}, {}]
    assert [event.payload["id"] for event in open_] == ["evt_aside", "evt_new"]


# Proof


def proof_of(signature: Signature, browser: Client) -> dict[str, Any]:
    """All that a signed quote is proved by, and what its customer reads."""
    audit = io.StringIO()
    call_command("verify_evidence", signature.quote.number, stdout=audit)
    page = browser.get(signature.quote.get_absolute_url()).content.decode()
    return {
        "audit": audit.getvalue(),
        "certificate": evidence.certificate(signature),
        "proof": evidence.proof(signature),
        # Python gives each mail another boundary between its parts.
        "proof file": [
            (piece.name, re.sub(rb"={15}\d+==", b"", piece.data)) for piece in proof_file.pieces(signature)
        ],
        "page": re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page),
        "journal": list(QuoteEvent.objects.values().order_by("pk")),
        "mails": list(OutgoingEmail.objects.filter(about=signature.quote.number).values().order_by("pk")),
        "links": list(AccessLink.objects.filter(quote=signature.quote).values("pk", "opened_at", "email"))[
            1:
        ],
    }


def test_three_years_later_a_purge_leaves_every_proof_of_a_signed_quote_as_it_was() -> None:
    signature, _ = make_whole_document()
    unsigned = make_sent_quote()
    make_event("evt_applied", status="applied")
    deliver_all()
    with time_machine.travel(timezone.now() + 3 * YEAR, tick=False):
        browser = visitor(signature.quote)
        before = proof_of(signature, browser)
        removed = purge("--do")
        assert proof_of(signature, browser) == before
    assert "1 journal (journaux) intact(s)" in before["audit"]
    assert removed["textes des mails"] >= 1
    assert removed["liens d'accès morts"] >= 1
    assert not unsigned.links.exists()


# However it runs


def make_sessions(count: int) -> None:
    past = timezone.now() - SECOND
    Session.objects.bulk_create(
        Session(session_key=f"{number:064}", session_data="", expire_date=past, since=past, used_at=past)
        for number in range(count)
    )


@pytest.mark.both
def test_a_run_that_is_killed_keeps_what_it_did_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    make_sessions(5)
    batches: list[int] = []

    def dies_at_the_second(rows: retention.Rows) -> int:
        removed = retention.remove(rows)
        batches.append(removed)
        if len(batches) == 2:
            raise KeyboardInterrupt
        return removed

    sessions = next(rule for rule in purging.RULES if rule.name.startswith("sessions"))
    dying = Rule(sessions.name, sessions.kept_for, sessions.dated, sessions.rows, dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        retention.purge(dying, now=timezone.now())
    assert Session.objects.count() == 3  # the second batch came back with its transaction
    assert retention.purge(sessions, now=timezone.now()) == 3
    assert retention.purge(sessions, now=timezone.now()) == 0


def test_what_changes_under_a_batch_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking and removing somebody took the row up again."""
    make_sessions(1)
    sessions = next(rule for rule in purging.RULES if rule.name.startswith("sessions"))
    asked: list[int] = []

    def rows(before: dt.datetime) -> retention.Rows:
        if asked:
            Session.objects.update(expire_date=timezone.now() + YEAR)
        asked.append(1)
        return sessions.rows(before)

    assert retention.purge(Rule("", dt.timedelta(0), "expire_date", rows), now=timezone.now()) == 0
    assert Session.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.parametrize("rule", purging.RULES, ids=lambda rule: rule.name)
def test_each_batch_is_found_by_an_index(rule: Rule) -> None:
    rows = rule.past(timezone.now()).filter(pk__gt="0").order_by("pk")[:500]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = rows.explain()
    assert f"Seq Scan on {rows.model._meta.db_table}" not in plan, plan
