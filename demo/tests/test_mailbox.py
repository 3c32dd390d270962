"""The mailbox shows what came through SMTP, whole, and lets nothing in it run."""

from __future__ import annotations

import datetime as dt
import re
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from demo import catcher, mailbox
from demo.processes import free_port
from demo.tests.running import Demo, once, running_demo

NOON = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
EVIL = "<script>alert(1)</script>"


def a_mail(**changes: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Thermo Rhône <devis@thermo-rhone.example>"
    message["To"] = "claire.morel@exemple.fr"
    message["Subject"] = changes.get("subject", "Votre devis D-2026-0001 est prêt")
    message.set_content("Bonjour, voici http://127.0.0.1:8000/l/abc/")
    message.add_alternative(
        '<html><head></head><body><a href="http://127.0.0.1/">là</a></body></html>', subtype="html"
    )
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="Devis signé.pdf")
    return message


def send(message: EmailMessage, folder: Path, *, at: dt.datetime = NOON) -> None:
    port = free_port()
    with catcher.catching(folder, port=port, now=lambda: at), smtplib.SMTP("127.0.0.1", port) as server:
        server.send_message(message)


def test_a_mail_is_kept_with_all_that_it_brought(tmp_path: Path) -> None:
    send(a_mail(), tmp_path)
    (mail,) = mailbox.mails(tmp_path)
    assert mail.subject == "Votre devis D-2026-0001 est prêt"
    assert (mail.sender, mail.to) == ("Thermo Rhône <devis@thermo-rhone.example>", "claire.morel@exemple.fr")
    assert mail.received_at == NOON
    assert mail.text.startswith("Bonjour, voici")
    (attachment,) = mail.attachments
    assert (attachment.name, attachment.type, attachment.content) == (
        "Devis signé.pdf",
        "application/pdf",
        b"%PDF-1.7",
    )


def test_links_of_a_mail_open_in_the_whole_window(tmp_path: Path) -> None:
    send(a_mail(), tmp_path)
    assert '<head><base target="_top">' in mailbox.mails(tmp_path)[0].html


def test_the_newest_mail_comes_first(tmp_path: Path) -> None:
    send(a_mail(subject="second"), tmp_path, at=NOON)
    send(a_mail(subject="first"), tmp_path, at=NOON - dt.timedelta(days=3))
    assert [mail.subject for mail in mailbox.mails(tmp_path)] == ["second", "first"]


@pytest.mark.parametrize("name", ["../demo.env", "..", "", ".20261124T110000000000Z-00000000", "x"])
def test_only_a_mail_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name.strip('./') or 'x'}.eml").write_bytes(b"")
    assert mailbox.find(tmp_path, name) is None


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("mailbox") / "demo") as demo:
        send(a_mail(subject=f"D-2026-9999 {EVIL}"), demo.folder / "mails", at=dt.datetime.now(dt.UTC))
        yield demo


def newest(demo: Demo) -> str:
    _, page = demo.get("/demo/mails/")
    match = re.search(r'href="(/demo/mails/[^/"?]+/)"', page)
    assert match, page
    return match[1]


@once
def test_the_list_shows_every_mail_and_refreshes_itself_without_scripts(demo: Demo) -> None:
    response, page = demo.get("/demo/mails/")
    assert response.status == 200
    assert page.count("<time") == len(mailbox.mails(demo.folder / "mails"))
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page


@once
def test_the_list_can_be_of_one_quote(demo: Demo) -> None:
    number = demo.number_of("devis accepté et signé par un particulier")
    _, page = demo.get(f"/demo/mails/?devis={number}")
    assert page.count("<time") == len(demo.mails_about(number)) >= 3


@once
def test_a_mail_is_shown_with_its_attachment_and_headers(demo: Demo) -> None:
    response, page = demo.get(newest(demo))
    assert response.status == 200
    assert "Devis signé.pdf" in page
    assert 'sandbox="allow-popups allow-top-navigation-by-user-activation"' in page
    assert "<dt>Subject</dt>" in page
    assert EVIL not in page


@once
def test_the_body_of_a_mail_runs_nothing(demo: Demo) -> None:
    response, page = demo.get(f"{newest(demo)}html/")
    policy = response.headers["Content-Security-Policy"]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["sandbox"] == "allow-popups allow-top-navigation-by-user-activation"
    assert rules["default-src"] == "'none'"
    assert rules["style-src"] == "'unsafe-inline'"
    assert "script-src" not in rules
    assert "là</a>" in page


@once
def test_an_attachment_is_a_download(demo: Demo) -> None:
    response, content = demo.get(f"{newest(demo)}1/")
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert content == "%PDF-1.7"
    assert demo.get(f"{newest(demo)}2/")[0].status == 404


@once
def test_a_mail_that_is_not_there_is_a_plain_404(demo: Demo) -> None:
    assert demo.get("/demo/mails/20200101T000000000000Z-00000000/")[0].status == 404
    assert demo.get("/demo/mails/demo/")[0].status == 404


@once
def test_the_first_page_tells_the_way_and_every_example(demo: Demo) -> None:
    response, page = demo.get("/")
    assert response.status == 200
    assert "pompe-a-chaleur" in page
    for (number,) in demo.rows("SELECT number FROM quotes_quote"):
        assert number in page


@once
def test_forwarded_requests_get_nothing(demo: Demo) -> None:
    for headers in ({"X_Forwarded_For": "203.0.113.7"}, {"Host": "demo.example.com"}):
        response, page = demo.get("/demo/mails/", **headers)
        assert response.status == 403
        assert "D-2026" not in page
