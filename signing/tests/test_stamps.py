"""An authority's time: the document waits for it, and only its owner may do without."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from logisav.desk.tests.desk import at_desk, owner, page_of, text
from notifications.models import Notification
from quotes import workflow
from quotes.models import Quote
from quotes.pdf import rendering
from quotes.tests.factories import SYSTEM, mails, make_quote
from signing import seal, sealing, stamps
from signing.check import verifying
from signing.models import Anchor, SealedDocument, Signature
from signing.proof import anchoring, auditing
from signing.tests.authority import PASSPHRASE, Authority, running_authority
from signing.tests.factories import make_signature

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("same_pages")]
NOWHERE = "http://127.0.0.1:1/tsa"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with running_authority(tmp_path_factory.mktemp("authority")) as running:
        yield running


@pytest.fixture
def signature() -> Signature:
    quote = make_quote(owner=owner())
    rendering.render_version(workflow.send(quote.pk, actor=SYSTEM).pk)
    return make_signature(Quote.objects.get(pk=quote.pk))


def seal_now(signature: Signature) -> Signature:
    Signature.objects.filter(pk=signature.pk, done_at=None).update(next_try_at=timezone.now())
    sealing.sweep()
    return Signature.objects.get(pk=signature.pk)


def sealed_bytes(signature: Signature) -> bytes:
    document = signature.latest_document()
    assert document is not None
    with document.file.open("rb") as file:
        return bytes(file.read())


def test_without_an_authority_set_the_level_says_so(signature: Signature) -> None:
    document = seal_now(signature).latest_document()
    assert document is not None
    assert (document.level, document.reason) == ("B-B", "Aucune autorité d'horodatage n'est réglée.")


def test_a_document_is_stamped_when_an_authority_answers(
    signature: Signature, authority: Authority, settings: Any
) -> None:
    settings.TSA_URLS = [NOWHERE, authority.stamps]
    settings.SEAL_AUTHORITIES = str(authority.root)
    sealed = seal_now(signature)
    report = verifying.verify(sealed_bytes(sealed))
    assert (report["level"], report["stamp_trusted"], report["genuine"]) == ("B-T", True, True)
    assert sealed.quote.events.get(kind="sealed").facts["level"] == "B-T"
    assert "PAdES B-T. Horodaté." in text(at_desk(sealed.quote.owner).get(page_of(sealed.quote)))


def test_when_no_authority_answers_the_acceptance_stands_and_the_document_waits(
    signature: Signature, authority: Authority, settings: Any
) -> None:
    settings.TSA_URLS = [NOWHERE]
    waiting = seal_now(seal_now(signature))
    assert waiting.quote.state == Quote.State.ACCEPTED
    assert waiting.waits_for_stamp
    assert not SealedDocument.objects.exists()
    assert waiting.quote.events.filter(kind="stamp_missing").count() == 1
    page = text(at_desk(waiting.quote.owner).get(page_of(waiting.quote)))
    assert "Scellement en attente" in page
    assert "127.0.0.1\u00a0: injoignable" in page
    settings.TSA_URLS = [authority.stamps]
    document = seal_now(waiting).latest_document()
    assert document is not None
    assert document.level == "B-T"
    assert mails("signing/accepted", waiting.quote).count() == 1


def test_after_a_day_the_owner_is_told_once_and_chooses(signature: Signature, settings: Any) -> None:
    settings.TSA_URLS = [NOWHERE]
    waiting = seal_now(signature)
    quote = waiting.quote
    address = reverse("admin:signing_waive_stamp", args=[quote.pk])
    desk = at_desk(quote.owner)
    with pytest.raises(stamps.TooEarlyToWaive):
        stamps.waive(waiting.pk, actor=SYSTEM)
    assert desk.post(address).status_code == 404
    assert mails("signing/stamp_missing_owner", quote).count() == 0
    Signature.objects.update(stamp_failed_at=timezone.now() - dt.timedelta(hours=24, seconds=1))
    for _ in range(2):
        waiting = seal_now(waiting)
    assert waiting.done_at is None
    assert mails("signing/stamp_missing_owner", quote).count() == 1
    assert Notification.objects.filter(kind="stamp_missing").count() == 1
    assert address in text(desk.get(page_of(quote)))
    assert "aucun tiers ne la confirme" in text(desk.get(address))
    assert desk.post(address).status_code == 302
    document = seal_now(waiting).latest_document()
    assert document is not None
    assert document.level == "B-B"
    assert quote.owner.username in document.reason
    assert quote.events.get(kind="stamp_waived").actor["name"] == quote.owner.username
    assert desk.post(address).status_code == 404


def test_a_waiting_document_is_not_waived_by_another_owner(signature: Signature, settings: Any) -> None:
    settings.TSA_URLS = [NOWHERE]
    seal_now(signature)
    Signature.objects.update(stamp_failed_at=timezone.now() - dt.timedelta(hours=25))
    address = reverse("admin:signing_waive_stamp", args=[signature.quote_id])
    assert at_desk(owner()).post(address).status_code == 404
    signature.refresh_from_db()
    assert signature.stamp_waived_at is None


def test_an_issued_certificate_gives_an_archived_document_that_is_stamped_again(
    signature: Signature, authority: Authority, settings: Any
) -> None:
    settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE = str(authority.key), PASSPHRASE
    settings.TSA_URLS, settings.SEAL_AUTHORITIES = [authority.stamps], str(authority.root)
    first = sealed_bytes(seal_now(signature))
    assert verifying.verify(first)["level"] == "B-LTA"
    out = StringIO()
    call_command("restamp", stdout=out)
    assert "révision 2" in out.getvalue()
    second = sealed_bytes(signature)
    assert second.startswith(first)
    assert [verifying.verify(each)["known_revision"] for each in (first, second)] == [1, 2]
    assert all(verifying.verify(each)["genuine"] for each in (first, second))
    assert auditing.first_bad_row(signature.quote) is None


def test_nothing_but_archived_documents_is_stamped_again(signature: Signature) -> None:
    seal_now(signature)
    out = StringIO()
    call_command("restamp", stdout=out)
    assert "Aucun document" in out.getvalue()
    assert SealedDocument.objects.count() == 1


def test_an_anchor_has_an_authoritys_time_when_there_is_one(
    signature: Signature, authority: Authority, settings: Any
) -> None:
    settings.TSA_URLS = [authority.stamps]
    anchoring.sweep()
    settings.TSA_URLS = [NOWHERE]
    with time_machine.travel(timezone.now() + dt.timedelta(days=1)):
        anchoring.sweep()
        assert [anchor.stamped_at is not None for anchor in Anchor.objects.order_by("day")] == [True, False]
        report = auditing.audit(list(Quote.objects.all()))
    assert report.faults == ()
    assert any("sans horodatage" in note for note in report.notes)


def test_the_general_terms_travel_inside(signature: Signature) -> None:
    document = sealed_bytes(seal_now(signature))
    terms = signature.version.reading.terms
    assert terms is not None
    assert seal.attached(document, "conditions-generales.txt") == terms.text.encode()
    assert seal.attached(document, "preuve.json") is not None
