"""The sample quotes: one in every state and in every row of what a customer may meet, made once."""

from __future__ import annotations

import html
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from demo import shelf
from demo.people import ADMIN
from demo.sample_quotes import SAMPLES
from demo.tests.running import Demo, filled_demo, once, running_demo
from logisav.tests.words import lacking
from quotes.models import Quote

pytestmark = once
LINK = re.compile(r"http://127\.0\.0\.1:\d+(/l/[\w-]+/)")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("data") / "demo") as demo:
        yield demo


def test_every_state_has_its_quote(demo: Demo) -> None:
    states = {state for (state,) in demo.rows("SELECT state FROM quotes_quote")}
    assert states == set(Quote.State.values)
    assert len(demo.rows("SELECT 1 FROM quotes_quote")) == len(SAMPLES)


def test_the_shelf_has_texts_and_quotes_to_begin_from(demo: Demo) -> None:
    assert len(demo.rows("SELECT 1 FROM quotes_texttemplate")) == len(shelf.TEXTS)
    templates = (
        "SELECT DISTINCT t.name FROM quotes_quotetemplate t JOIN quotes_templateline ON template_id = t.id"
    )
    names = {name for (name,) in demo.rows(templates)}
    assert names == {model.name for model in shelf.MODELS}


ROWS = [
    ("lien révoqué", 404, "n'existe pas"),
    ("accès bloqué", 403, "suspendu"),
    ("lien de plus de 24 heures", 410, "Recevoir un lien d'accès par mail"),
    ("devis accepté et signé par un particulier", 200, "Devis accepté"),
    ("devis accepté et signé par un professionnel", 200, "Devis accepté"),
    ("devis accepté puis rétracté", 200, "Vous avez renoncé à ce contrat"),
    ("devis terminé", 200, "Devis accepté"),
    ("devis refusé", 200, "refusé"),
    ("devis annulé", 200, "annulé"),
    ("durée de validité passée", 200, "Demander une mise à jour"),
    ("devis envoyé, à lire", 200, "Accepter et signer"),
    ("devis relancé", 200, "Accepter et signer"),
    ("devis relancé, question répondue", 200, "Estimation, non acquise, non déduite"),
    ("question en attente", 200, "Réponse attendue"),
    ("nouvelle version envoyée", 200, "8 unités"),
    ("nouvelle version en préparation", 200, "Accepter et signer"),
    ("devis à un professionnel", 200, "3 000,00 €"),
    ("dépannage urgent", 200, "Vous ne pouvez pas vous rétracter pour ce dépannage"),
]


@pytest.mark.parametrize(("example", "status", "words"), ROWS, ids=[row[0] for row in ROWS])
def test_the_link_in_the_mail_leads_to_its_row(demo: Demo, example: str, status: int, words: str) -> None:
    number = demo.number_of(example)
    answer, page = follow(demo, last_link(demo, number))
    assert answer == status
    assert words in plain(page)


def plain(page: str) -> str:
    """The words of a page, with ordinary spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def last_link(demo: Demo, number: str) -> str:
    """The newest mail to the customer that has a link."""
    found = [match[1] for mail in demo.mails_about(number) if (match := LINK.search(mail.text))]
    assert found, f"no link was mailed for {number}"
    return found[0]


def follow(demo: Demo, path: str) -> tuple[int, str]:
    """As a browser does: the link gives a cookie, the clean address gives the page."""
    response, page = demo.get(path)
    if response.status != 302:
        return response.status, page
    cookie = response.headers["Set-Cookie"].partition(";")[0]
    response, page = demo.get(response.headers["Location"], Cookie=cookie)
    return response.status, page


def test_the_signed_pdf_came_by_mail(demo: Demo) -> None:
    number = demo.number_of("devis accepté et signé par un particulier")
    (mail,) = [
        mail for mail in demo.mails_about(number) if mail.subject.endswith("est accepté") and mail.attachments
    ]
    file = demo.folder / "signed.pdf"
    file.write_bytes(mail.attachments[0].content)
    done = demo.manage("verify_pdf", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_journal_holds(demo: Demo) -> None:
    done = demo.manage("verify_evidence")
    assert done.returncode == 0, done.stderr


def test_every_fact_of_a_journal_says_what_its_words_name(demo: Demo) -> None:
    rows = demo.rows("SELECT kind, record FROM quotes_quoteevent")
    assert len({kind for kind, _ in rows}) > 20
    assert [
        (kind, names) for kind, record in rows if (names := lacking(kind, json.loads(record)["facts"]))
    ] == []


def test_no_mail_is_left_behind(demo: Demo) -> None:
    assert demo.rows("SELECT message, state FROM notifications_outgoingemail WHERE state <> 'sent'") == []


def test_doing_it_again_changes_nothing(tmp_path: Path) -> None:
    with filled_demo(tmp_path / "demo") as demo:
        before, mails = dump(demo), sorted((demo.folder / "mails").iterdir())
        done = demo.manage("demo_data")
        assert done.returncode == 0, done.stderr
        assert f"Utilisateur {ADMIN.username}, mot de passe {ADMIN.password}" in done.stdout
        assert "/admin/" in done.stdout
        assert dump(demo) == before
        assert sorted((demo.folder / "mails").iterdir()) == mails


QUEUES = "SELECT (SELECT count(*) FROM quotes_quoteevent), (SELECT count(*) FROM notifications_outgoingemail)"


def test_the_worker_finds_nothing_left_to_do(tmp_path: Path) -> None:
    with filled_demo(tmp_path / "demo") as demo:
        before = demo.rows(QUEUES)
        done = demo.manage("sweep")
        assert done.returncode == 0, done.stderr
        assert demo.rows(QUEUES) == before


def dump(demo: Demo) -> list[str]:
    with closing(sqlite3.connect(demo.folder / "logisav.sqlite3")) as database:
        return list(database.iterdump())
