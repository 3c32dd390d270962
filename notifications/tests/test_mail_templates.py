"""Every mail, rendered with the complete context that samples.py holds."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.template.engine import Engine

from notifications import rendering
from notifications.tests.samples import CONTEXTS, SECRETS

pytestmark = pytest.mark.sqlite

MISSING = "¡manque!"
MESSAGES = sorted(CONTEXTS)
FREE_TEXTS = (
    "title", "customer", "owner", "greeting", "text", "question", "reason", "phone", "signatory", "words",
)  # fmt: skip
ATTACK = "<script>alert(1)</script><a href='https://pirate.example/'>x</a> {{ secret.link }} https://pirate.example/"


class Page(HTMLParser):
    """The words, the addresses and the tags of an HTML part."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.words.append("" if tag in ("span", "strong") else " ")
        self.addresses += [
            value or "" for name, value in attrs if name in ("href", "src", "action", "background")
        ]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def written(message: str, **changes: Any) -> tuple[str, rendering.Rendering]:
    context = CONTEXTS[message] | changes
    subject = rendering.subject(message, context)
    return subject, rendering.render(message, context, SECRETS.get(message, {}), subject=subject)


def attacked(message: str) -> tuple[str, rendering.Rendering]:
    return written(message, **{name: ATTACK for name in FREE_TEXTS if name in CONTEXTS[message]})


@pytest.mark.parametrize("message", MESSAGES)
def test_a_mail_asks_for_nothing_that_its_context_does_not_hold(
    message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine.get_default(), "string_if_invalid", MISSING)
    subject, mail = written(message)
    assert MISSING not in subject + mail.text + mail.html


@pytest.mark.parametrize("message", MESSAGES)
def test_both_parts_say_the_same(message: str) -> None:
    _, mail = written(message)
    html = Page(mail.html).text
    said = [
        line for line in mail.text.splitlines() if line.strip() and not line.startswith(("--", "- ", "http"))
    ]
    whole_sentences = [line for line in said if line.endswith((".", "?"))]
    assert whole_sentences
    for sentence in whole_sentences:
        assert " ".join(sentence.split()) in html


@pytest.mark.parametrize("message", MESSAGES)
def test_a_mail_loads_nothing_and_runs_nothing(message: str) -> None:
    _, mail = written(message)
    assert not {"img", "script", "link", "iframe", "form", "input", "video"} & set(Page(mail.html).tags)
    assert "url(" not in mail.html
    assert "@import" not in mail.html


@pytest.mark.parametrize("message", [message for message in MESSAGES if message != "signing/code"])
def test_a_mail_has_one_way_to_go_at_most_and_the_companys_phone(message: str) -> None:
    """Beside « Renoncer au contrat ici », which the law wants wherever a contract is spoken of (art. D221-5)."""
    _, mail = written(message)
    phone, *ways = Page(mail.html).addresses
    assert phone == "tel:+33465710842"
    ours = {
        SECRETS.get(message, {}).get("link"),
        SECRETS.get(message, {}).get("page"),
        CONTEXTS[message].get("admin_url"),
        CONTEXTS[message].get("quote_url"),
    }
    door = CONTEXTS[message].get("function")
    assert len([way for way in ways if way != door]) <= 1
    assert set(ways) <= ours | {door}
    assert re.findall(r"https?://\S+", mail.text) == ways


def test_the_code_mail_has_no_link_and_no_button() -> None:
    _, mail = written("signing/code")
    assert Page(mail.html).addresses == []
    assert "http" not in mail.html + mail.text


def test_the_code_stands_in_two_groups_of_three() -> None:
    _, mail = written("signing/code")
    assert "\n    418\u00a0205\n" in mail.text
    assert ">418\u00a0205</td>" in mail.html


def test_the_code_mail_names_company_quote_and_total() -> None:
    subject, mail = written("signing/code")
    assert "D-2026-0148" in subject
    for part in (mail.text, mail.html):
        assert "Thermo Rhône" in part
        assert "D-2026-0148" in part
        assert "11\u202f126,53\u00a0€" in part


def test_the_quote_mail_bears_the_subject_that_customers_are_told_of() -> None:
    assert written("quotes/link")[0] == "Votre devis D-2026-0148"


@pytest.mark.parametrize("message", MESSAGES)
def test_a_subject_is_one_short_line_without_secret(message: str) -> None:
    subject, _ = written(message)
    assert 10 < len(subject) <= 78
    assert not any(secret in subject for secret in SECRETS.get(message, {}).values())


@pytest.mark.parametrize("message", MESSAGES)
def test_a_mail_speaks_calmly(message: str) -> None:
    subject, mail = written(message)
    words = f"{subject} {mail.text} {Page(mail.html).text}"
    assert "!" not in words
    assert not re.search(r"oups|cliquez|\bclick\b", words, re.IGNORECASE)


@pytest.mark.parametrize("message", MESSAGES)
def test_french_punctuation_never_begins_a_line(message: str) -> None:
    free = {"text": "x", "question": "x", "reason": "x", "changes": ["x"]}
    subject, mail = written(
        message, **{name: text for name, text in free.items() if name in CONTEXTS[message]}
    )
    html = re.sub(r"<style>.*?</style>|<[^>]*>", "", mail.html, flags=re.DOTALL)
    assert not re.search(r" [:;?!»€]|« ", f"{subject} {mail.text} {html}")


@pytest.mark.parametrize("message", MESSAGES)
def test_the_foot_bears_the_companys_identity(message: str) -> None:
    _, mail = written(message)
    for part in (mail.text, Page(mail.html).text.replace(" ", "\u00a0")):
        assert "SIRET\u00a0912\u00a0345\u00a0670\u00a000014" in part.replace("SIRET ", "SIRET\u00a0")


@pytest.mark.parametrize("message", MESSAGES)
def test_free_text_becomes_neither_markup_nor_link_nor_secret(message: str) -> None:
    _, calm = written(message)
    _, mail = attacked(message)
    before, after = Page(calm.html), Page(mail.html)
    assert after.addresses == before.addresses
    assert sorted(set(after.tags)) == sorted(set(before.tags))
    assert mail.html.count(SECRETS.get(message, {}).get("link", MISSING)) <= 1
    assert mail.text.count(SECRETS.get(message, {}).get("link", MISSING)) <= 1


@pytest.mark.parametrize("message", MESSAGES)
def test_the_text_part_is_not_escaped(message: str) -> None:
    _, mail = written(message, title="Pompe à chaleur « air & eau » <3 l'hiver")
    assert "&amp;" not in mail.text
    assert "&#x27;" not in mail.text


def test_a_question_keeps_its_lines() -> None:
    _, mail = written("quotes/question_owner")
    assert "Bonjour,\nle ballon" in mail.text
    assert "Bonjour,<br>le ballon" in mail.html


@pytest.mark.parametrize(("message", "key", "words"), [
    ("quotes/refused", "reason", "Vous nous avez écrit"),
    ("quotes/question_owner", "phone", "À rappeler"),
    ("signing/code", "deposit", "Acompte"),
    ("signing/accepted", "deposit", "compte"),
    ("signing/accepted_owner", "deposit", "Acompte"),
    ("quotes/new_version", "changes", "Ce qui change"),
])  # fmt: skip
def test_what_there_is_not_is_not_spoken_of(message: str, key: str, words: str) -> None:
    _, mail = written(message, **{key: []})
    assert words not in mail.text
    assert words not in mail.html
