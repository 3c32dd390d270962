"""No free text can end a header line, add a recipient or write a second mail."""

from __future__ import annotations

import itertools

import pytest
from django.utils.safestring import mark_safe

from notifications import delivery
from notifications.headers import named, one_line
from notifications.queue import JobOutcome
from notifications.tests.factories import CUSTOMER, OWNER, queue_mail, reloaded
from notifications.tests.samples import CONTEXTS
from notifications.tests.smtp import Server, part

BREAKS = [
    "\r\n", "\n", "\r", "\n\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\x00",
    "\r\n ", "\r\n\t", "=0D=0A", "%0d%0a", "\\r\\n", "\u560d\u560a",
]  # fmt: skip
PAYLOADS = [
    "Bcc: pirate@example.org",
    "To: pirate@example.org",
    "Content-Type: text/html\r\n\r\n<script>alert(1)</script>",
    "\r\n.\r\nMAIL FROM:<pirate@example.org>\r\nRCPT TO:<pirate@example.org>\r\nDATA\r\nx",
    "Reply-To: pirate@example.org",
]
CORPUS = [f"Claire{line_break}{payload}" for line_break, payload in itertools.product(BREAKS, PAYLOADS)]
HEADERS = {
    "subject", "from", "to", "reply-to", "date", "message-id", "auto-submitted",
    "x-auto-response-suppress", "mime-version", "content-type",
}  # fmt: skip


def assert_untouched(server: Server) -> None:
    [mail] = server.heard
    assert {name.lower() for name in mail} == HEADERS
    assert len(mail.keys()) == len(HEADERS)
    assert str(mail["To"]) == CUSTOMER
    assert str(mail["Reply-To"]) == OWNER
    [sender] = mail["From"].addresses
    assert sender.addr_spec == "devis@logisav.test"


@pytest.mark.django_db
@pytest.mark.parametrize("text", CORPUS)
def test_free_text_adds_no_header(server: Server, text: str) -> None:
    context = CONTEXTS["quotes/question_owner"] | {
        "customer": text,
        "number": text,
        "title": text,
        "text": text,
    }
    email = queue_mail("quotes/question_owner", sender_name=text, context={
        key: value.replace("\x00", "") if isinstance(value, str) else value for key, value in context.items()
    })  # fmt: skip
    assert delivery.deliver(email.pk) is JobOutcome.DONE
    assert_untouched(server)


@pytest.mark.django_db
@pytest.mark.parametrize("line_break", [*BREAKS, " ", ", ", ";", "> <"])
def test_an_address_with_more_in_it_reaches_nobody_else(server: Server, line_break: str) -> None:
    email = queue_mail(to=f"claire.morel@example.net{line_break}pirate@example.org")
    delivery.deliver(email.pk)
    assert server.heard == []
    assert reloaded(email).get_state_display() == "Échec"


@pytest.mark.parametrize("line_break", BREAKS)
def test_one_line_is_one_line(line_break: str) -> None:
    assert len(one_line(f"a{line_break}b").splitlines()) == 1


def test_one_line_keeps_french_spaces_and_accents() -> None:
    assert one_line("  Reçu\u00a0: 1\u202f234,50\u00a0€  ") == "Reçu\u00a0: 1\u202f234,50\u00a0€"


def test_text_that_turns_around_is_straightened() -> None:
    assert one_line("devis\u202efdp.exe") == "devisfdp.exe"


@pytest.mark.parametrize(
    "name", ['Durand, Fils "& Cie"', "pirate@example.org", "A <b@c.fr>", "Société\\", "=?utf-8?q?x?="]
)
def test_a_name_never_changes_the_senders_address(name: str) -> None:
    assert named(name, "Logisav <devis@logisav.test>").endswith("<devis@logisav.test>")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ['Durand, Fils "& Cie"', "Éts « Morel » <x@y.fr>", "a" * 300])
def test_a_strange_company_name_arrives_as_a_name(server: Server, name: str) -> None:
    delivery.deliver(queue_mail(sender_name=name).pk)
    assert_untouched(server)


@pytest.mark.django_db
def test_text_that_was_marked_safe_is_escaped_all_the_same(server: Server) -> None:
    title = mark_safe("<script>alert(1)</script>")
    delivery.deliver(queue_mail(context=CONTEXTS["quotes/refused"] | {"title": title}).pk)
    assert "<script>" not in part(server.accepted[0], "html")


@pytest.mark.django_db
def test_a_line_with_a_single_dot_does_not_end_the_mail(server: Server) -> None:
    text = "Première ligne\n.\nDernière ligne"
    delivery.deliver(
        queue_mail(
            "quotes/question_received", context=CONTEXTS["quotes/question_received"] | {"text": text}
        ).pk
    )
    [mail] = server.accepted
    assert "Dernière ligne" in part(mail, "plain")
