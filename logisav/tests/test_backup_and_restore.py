"""The drill: a house at work, a backup, a day more, a disaster, a restore. One course, each promise by its own name."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.utils import timezone
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pytest_django import DjangoDbBlocker

from demo.stripe_standin.server import running as stripe_running
from demo.stripe_standin.standin import StandIn
from logisav import sweeping
from logisav.desk.tests.desk import administrator, at_desk
from logisav.staff import invitations
from logisav.staff.journal import By
from logisav.staff.models import Invitation, StaffAction
from logisav.staff.roles import Role
from logisav.tests.situations import blocks, cancels, files, refuses, reminds, revises, withdraws
from notifications.models import OutgoingEmail
from notifications.tests import smtp
from payments import workflow as payments
from payments.models import Payment, Refund
from payments.tests.factories import accept, make_paying_company, open_page, pay, session_of
from payments.tests.stripe_side import SECRET
from quotes import workflow
from quotes.models import AccessLink, Quote, QuoteEvent
from quotes.tests.factories import SYSTEM, make_link, make_quote, make_sent_quote, send, send_again, visitor
from signing.models import SealedDocument, Signature, SigningRequest
from signing.proof import anchoring, evidence
from signing.seal import EmbeddedFile, appending
from signing.tests.factories import make_signature, right_code
from signing.tests.sealed import registered, sealed_by_us, small_pdf, stored
from signing.tests.test_pages import path as page
from signing.tests.test_pages import send_form

pytestmark = [pytest.mark.django_db, pytest.mark.both]
STATES: tuple[tuple[Callable[[Quote], object], ...], ...] = (
    (reminds,),
    (refuses,),
    (cancels,),
    (blocks,),
    (accept, files),
    (accept, withdraws),
    (revises,),
)


def manage(*command: str, **options: Any) -> str:
    """What a command says; CommandError bears what it said last."""
    said = io.StringIO()
    call_command(*command, stdout=said, **options)
    return said.getvalue()


def refused(*command: str) -> str:
    with pytest.raises(CommandError) as error:
        manage(*command)
    return str(error.value)


def rows() -> dict[str, Any]:
    """What a customer or an accountant would miss."""
    return {
        "states": dict(Quote.objects.values_list("number", "state")),
        "journal": list(QuoteEvent.objects.order_by("quote__number", "seq").values_list("record", "hash")),
        "sealed": sorted(SealedDocument.objects.values_list("file", "sha256")),
        "paid": sorted(Payment.objects.values_list("key", "state")),
    }


def with_proof(read: bytes, signature: Signature) -> bytes:
    """The attachment that verify_evidence reads, without the pages that only people read."""
    proof = EmbeddedFile(evidence.PROOF_NAME, evidence.proof(signature), "application/json", "Journal")
    writer, out = IncrementalPdfFileWriter(io.BytesIO(read)), io.BytesIO()
    appending._attach(writer, [proof])
    writer.write(out)
    return out.getvalue()


@dataclass
class Drill:
    """What was seen on the way; tests only read it."""

    place: Path
    stripe: StandIn
    post: smtp.Server
    seen: dict[str, Any] = field(default_factory=dict)

    def run(self) -> None:
        self.live()
        self.seen["said by backup"] = manage("backup", str(self.place))
        self.seen["before"] = rows()
        self.go_on()
        self.disaster()
        self.restore()
        self.look_closed()
        self.open()

    def live(self) -> None:
        make_paying_company()
        self.chief = administrator()
        for steps in STATES:
            quote = self.sent()
            for step in steps:
                step(quote)
        self.read, self.coded = self.sent(), self.sent()
        self.reader, self.coder = visitor(self.read), visitor(self.coded)
        self.link = make_link(self.read)[1]
        send_form(self.coder, self.coded)
        self.code = right_code(SigningRequest.objects.get(quote=self.coded))
        self.staff = at_desk(self.chief)
        colleague = Invitation(email="nouveau@thermo-rhone.example", last_name="Blanc", role=Role.OWNER)
        invitations.invite(colleague, by=By(self.chief))
        self.sealed()
        self.paying, self.refunded = accept(self.sent()), accept(self.sent())
        self.page = open_page(self.paying)
        paid = pay(self.stripe, self.refunded)
        self.refund = payments.request_refund(paid.pk, amount=paid.amount, reason="", actor=SYSTEM)
        anchoring.make(timezone.localdate() - dt.timedelta(days=1))
        assert self.reader.get(self.read.get_absolute_url()).status_code == 200
        assert self.staff.get("/admin/").status_code == 200

    def sent(self) -> Quote:
        return make_sent_quote(owner=self.chief)

    def sealed(self) -> str:
        """A signed quote with its sealed file, whose proof names it; small, but real."""
        version = workflow.send(make_quote(owner=self.chief).pk, actor=SYSTEM)
        read = small_pdf(f"% {version.quote.number}\n0 0 m 100 50 l S")
        name, digest = stored(read, "versions")
        workflow.complete_sending(version.pk, pdf=name, pdf_sha256=digest)
        signature = make_signature(Quote.objects.get(pk=version.quote_id))
        registered(signature, sealed_by_us(with_proof(read, signature)))
        return str(signature.documents.get().file.name)

    def go_on(self) -> None:
        """All that is lost in the disaster but for its traces: files, anchors kept elsewhere, Stripe, mailboxes."""
        self.seen["lost file"] = self.sealed()
        send_again(self.read, title="Autre chose")
        pay(self.stripe, accept(self.sent()))
        self.stripe.pay_with(session_of(self.page))
        assert payments.send_refund(self.refund.pk)
        sweeping.sweep()
        self.seen["mailed before"] = [str(mail["Message-ID"]) for mail in self.post.accepted]
        manage("verify_evidence", "--export-anchors", str(self.place.parent / "anchors"))
        self.seen["last number"] = Quote.objects.latest("number").number

    def disaster(self) -> None:
        call_command("flush", interactive=False, verbosity=0)
        self.post.accepted.clear()

    def restore(self) -> None:
        backup, anchors = str(self.place), str(self.place.parent / "anchors")
        self.seen["without replace"] = refused("restore", backup)
        self.seen["said"] = manage("restore", backup, "--replace", "--anchors", anchors)
        self.seen["after"] = rows()

    def look_closed(self) -> None:
        seen = self.seen
        seen["reader"] = self.reader.get(self.read.get_absolute_url()).status_code
        seen["link"] = Client().get(self.link).status_code
        seen["code page"] = self.coder.post(page(self.coded, "code/"), {"code": self.code}).status_code
        seen["requests"] = set(SigningRequest.objects.values_list("state", flat=True))
        seen["staff"] = self.staff.get("/admin/").headers.get("Location", "")
        seen["invitations"] = Invitation.objects.open().count()
        seen["links"] = AccessLink.objects.valid().count()
        sweeping.sweep()
        seen["mailed while closed"] = len(self.post.heard) - len(seen["mailed before"])
        seen["refunds while closed"] = len(self.stripe.store.all_now("refund"))
        seen["new number"] = make_quote(owner=self.chief).number
        seen["gap"] = StaffAction.objects.filter(target__startswith="Numéros de devis").latest("pk").facts

    def open(self) -> None:
        seen = self.seen
        self.post.heard.clear()
        seen["old waiting"] = set(OutgoingEmail.objects.waiting().values_list("message_id", flat=True))
        fresh = send(Quote.objects.get(number=seen["new number"]))
        seen["fresh mail"] = OutgoingEmail.objects.get(about=fresh.number).message_id
        seen["shown"] = io.StringIO()
        with pytest.MonkeyPatch.context() as keyboard:
            keyboard.setattr("sys.stdin", io.StringIO("non\n"))
            with pytest.raises(CommandError, match="Rien n'est rouvert"):
                call_command("restore", "--open", "--drop-waiting", stdout=seen["shown"])
        seen["opened"] = manage("restore", "--open", "--drop-waiting", "--yes")
        Payment.objects.filter(key=self.page.key).update(next_check_at=timezone.now())
        for _ in range(2):
            sweeping.sweep()
        seen["mailed after"] = [str(mail["Message-ID"]) for mail in self.post.accepted]
        seen["refunds"] = len(self.stripe.store.all_now("refund"))
        seen["refund"] = Refund.objects.get().state
        seen["page"] = Payment.objects.get(key=self.page.key).state
        seen["second backup"] = manage("backup", str(self.place))


@pytest.fixture(scope="module")
def drill(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("drill")
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        stripe = stack.enter_context(
            stripe_running(key=settings.STRIPE_SECRET_KEY, webhook_secrets=(SECRET,))
        )
        post = stack.enter_context(smtp.running())
        stack.enter_context(
            override_settings(
                MEDIA_ROOT=str(folder / "media"),
                STRIPE_API_URL=stripe.base_url,
                PAYMENT_PAGE_ORIGINS=[stripe.base_url],
                EMAIL_HOST="127.0.0.1",
                EMAIL_PORT=post.port,
            )
        )
        stack.callback(call_command, "flush", interactive=False, verbosity=0)
        course = Drill(folder / "backups", stripe, post)
        course.run()
    return course.seen


def test_it_refuses_what_is_not_empty_unless_told_to_replace(drill: dict[str, Any]) -> None:
    assert drill["without replace"].startswith("MEDIA_ROOT n'est pas vide")


def test_everything_is_there_as_it_was_and_holds_as_evidence(drill: dict[str, Any]) -> None:
    assert drill["after"] == drill["before"]
    assert "Journaux, scellés et ancrages vérifiés : intacts." in drill["said"]


def test_what_is_kept_apart_is_said(drill: dict[str, Any]) -> None:
    for name in ("SEAL_PKCS12", "SECRET_KEY", "OTP_KEY", "OUTBOX_KEY"):
        assert name in drill["said by backup"]


def test_links_are_dead(drill: dict[str, Any]) -> None:
    assert (drill["link"], drill["links"]) == (410, 0)


def test_codes_are_dead(drill: dict[str, Any]) -> None:
    assert drill["code page"] == 503
    assert drill["requests"] <= {"replaced", "used"}


def test_browser_sessions_and_grants_are_dead(drill: dict[str, Any]) -> None:
    assert drill["reader"] == 403
    assert drill["staff"].startswith("/admin/login/")


def test_invitations_are_dead(drill: dict[str, Any]) -> None:
    assert drill["invitations"] == 0


def test_numbers_jump_past_all_that_was_seen_and_the_gap_is_journalled(drill: dict[str, Any]) -> None:
    year, last = drill["last number"].split("-")[1:]
    expected = f"D-{year}-{int(last) + 100 + 1:04}"
    assert drill["new number"] == expected
    assert drill["gap"]["vu"] == int(last)
    assert drill["gap"]["after"] == int(last) + 100
    assert drill["gap"]["before"] < int(last)


def test_nothing_is_mailed_or_sent_back_before_it_is_opened(drill: dict[str, Any]) -> None:
    assert drill["mailed while closed"] == 0
    assert drill["refunds while closed"] == 1  # the one from before the disaster


def test_what_would_leave_is_shown_first_and_asked_for(drill: dict[str, Any]) -> None:
    shown = drill["shown"].getvalue()
    assert "le lien du devis" in shown
    assert "d'avant la sauvegarde, peut-être déjà parti(s)" in shown
    assert "au lien ou au code mort" in shown
    assert "Rouvert." not in shown


def test_once_open_each_mail_leaves_once_and_none_a_second_time(drill: dict[str, Any]) -> None:
    mailed = drill["mailed after"]
    assert drill["fresh mail"] in mailed
    assert len(mailed) == len(set(mailed))
    assert set(mailed) & drill["old waiting"] == set()
    assert set(mailed) & set(drill["mailed before"]) == set()


def test_a_refund_that_stripe_made_meanwhile_is_booked_not_made_again(drill: dict[str, Any]) -> None:
    assert (drill["refunds"], drill["refund"]) == (1, Refund.State.SUCCEEDED)


def test_sealed_files_newer_than_the_dump_are_listed(drill: dict[str, Any]) -> None:
    line = next(line for line in drill["said"].splitlines() if drill["lost file"] in line)
    assert line.startswith("À rapprocher : document scellé signed/")
    assert "D-" in line


def test_versions_newer_than_the_dump_are_listed_and_their_numbers_skipped(drill: dict[str, Any]) -> None:
    assert "À rapprocher : version versions/" in drill["said"]
    assert "sautent 10 numéros" in drill["said"]


def test_anchors_newer_than_the_dump_are_listed(drill: dict[str, Any]) -> None:
    lines = [line for line in drill["said"].splitlines() if "ancrage du" in line]
    assert len(lines) == 1
    assert "jusqu'à la ligne" in lines[0]


def test_what_stripe_has_and_we_have_not_is_listed(drill: dict[str, Any]) -> None:
    stripe = [line for line in drill["said"].splitlines() if "Stripe" in line]
    assert sum("page de paiement cs_" in line for line in stripe) == 1
    assert sum("paiement pi_" in line for line in stripe) == 1
    assert sum("remboursement re_" in line and "demandé ici" in line for line in stripe) == 1
    assert sum("a été payée" in line for line in stripe) == 1


def test_a_page_paid_meanwhile_is_booked_once_open(drill: dict[str, Any]) -> None:
    assert drill["page"] == Payment.State.PAID


def test_a_restored_house_is_backed_up_as_its_new_epoch(drill: dict[str, Any]) -> None:
    manifest = json.loads((Path(drill["second backup"].splitlines()[0]) / "manifest.json").read_text())
    assert (manifest["epoch"], manifest["complete"]) == (2, True)
    assert manifest["rows"]["notifications_restoration"] == 1
