"""What a mail that leaves is made of, and what is written down about it."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from notifications import delivery, outbox
from notifications.models import OutgoingEmail
from notifications.queue import JobOutcome
from notifications.tests.factories import CUSTOMER, OWNER, queue_mail, reloaded
from notifications.tests.smtp import Server, part

pytestmark = pytest.mark.django_db


def test_a_mail_leaves_with_both_parts(server: Server) -> None:
    email = queue_mail()
    assert delivery.deliver(email.pk) is JobOutcome.DONE
    [mail] = server.accepted
    assert mail.get_content_type() == "multipart/alternative"
    assert part(mail, "plain") == email.text
    assert part(mail, "html") == email.html
    assert str(mail["Subject"]) == email.subject


def test_the_servers_answer_is_kept(server: Server) -> None:
    email = queue_mail()
    delivery.deliver(email.pk)
    email = reloaded(email)
    assert email.state == OutgoingEmail.State.SENT
    assert email.smtp_reply == "250 2.0.0 Ok: queued as 4711"
    assert email.sent_at is not None
    assert email.error == ""


def test_the_sender_is_the_company_at_our_own_address(server: Server) -> None:
    delivery.deliver(queue_mail(sender_name="Thermo Rhône").pk)
    [mail] = server.accepted
    [sender] = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Thermo Rhône", "devis@logisav.test")


def test_without_a_name_the_sender_is_our_own(server: Server) -> None:
    delivery.deliver(queue_mail(sender_name="").pk)
    [mail] = server.accepted
    assert str(mail["From"]) == "Logisav <devis@logisav.test>"


def test_an_answer_goes_to_the_owner(server: Server) -> None:
    delivery.deliver(queue_mail().pk)
    [mail] = server.accepted
    assert str(mail["To"]) == CUSTOMER
    assert str(mail["Reply-To"]) == OWNER


def test_an_owner_without_a_proper_address_does_not_keep_the_mail_back(server: Server) -> None:
    delivery.deliver(queue_mail(reply_to="pas une adresse").pk)
    [mail] = server.accepted
    assert "Reply-To" not in mail


def test_no_machine_answers_a_machine(server: Server) -> None:
    delivery.deliver(queue_mail().pk)
    [mail] = server.accepted
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"


def test_the_message_id_is_the_rows_own(server: Server) -> None:
    email = queue_mail()
    delivery.deliver(email.pk)
    [mail] = server.accepted
    assert mail["Message-ID"] == email.message_id
    assert email.message_id.endswith("@logisav.test>")


def test_an_attachment_travels_whole(server: Server) -> None:
    path = default_storage.save("sealed/copy.pdf", ContentFile(b"%PDF-1.7 sealed \r\n\x00\xff"))
    attachment = outbox.Attachment(name="Devis signé D-2026-0148.pdf", type="application/pdf", path=path)
    delivery.deliver(queue_mail("signing/accepted", attachments=[attachment]).pk)
    [mail] = server.accepted
    [file] = mail.iter_attachments()
    assert file.get_filename() == "Devis-signe-D-2026-0148.pdf"
    assert "filename*" not in file["Content-Disposition"]
    assert file.get_content_type() == "application/pdf"
    assert file.get_content() == b"%PDF-1.7 sealed \r\n\x00\xff"


def test_a_missing_attachment_keeps_the_mail_in_the_queue(server: Server) -> None:
    attachment = outbox.Attachment(name="x.pdf", type="application/pdf", path="sealed/nowhere.pdf")
    email = queue_mail("signing/accepted", attachments=[attachment])
    assert delivery.deliver(email.pk) is JobOutcome.LATER
    assert server.heard == []
    assert reloaded(email).error == "Message impossible à préparer (FileNotFoundError)"


def test_a_mail_leaves_without_a_document_that_it_may_lack_and_says_so(server: Server) -> None:
    lacking = outbox.Attachment(
        name="Fiche.pdf", type="application/pdf", path="documents/nowhere.pdf", may_lack=True
    )
    assert delivery.deliver(queue_mail("signing/accepted", attachments=[lacking]).pk) is JobOutcome.DONE
    [mail] = server.accepted
    [file] = mail.iter_attachments()
    assert file.get_filename() == "Fiche.pdf.txt"
    assert "n'a pas pu être joint" in file.get_content()


@pytest.mark.parametrize(
    "address", ["", "claire", "a@b.fr, c@d.fr", "Claire <claire@example.net>", "é@x.fr", "a@b"]
)
def test_an_address_that_is_none_fails_at_once(server: Server, address: str) -> None:
    email = queue_mail(to=address)
    assert delivery.deliver(email.pk) is JobOutcome.GIVEN_UP
    assert reloaded(email).state == OutgoingEmail.State.FAILED
    assert server.heard == []


def test_a_mail_is_sent_once(server: Server) -> None:
    email = queue_mail()
    delivery.deliver(email.pk)
    assert delivery.deliver(email.pk) is JobOutcome.NOT_DUE
    assert delivery.sweep() == 0
    assert len(server.accepted) == 1


def test_a_domain_with_accents_is_reached(server: Server) -> None:
    delivery.deliver(queue_mail(to="claire@société.example").pk)
    [mail] = server.accepted
    assert str(mail["To"]) == "claire@xn--socit-esab.example"
