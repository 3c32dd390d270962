"""The words of the desk, page by page, in one file that a person reads: var/desk-words.txt; and what must not be there.

Titles, headings, buttons, links, labels, empty states and messages of every address that an administrator with all
rights opens, filled and empty. Each sentence is written whole: what is glued of labels reads like « Bloquer l'accès
le devis ».
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from logisav.desk.tests.desk import at_desk
from logisav.tests.doors import House, build, listed, named_routes
from quotes.tests.factories import make_company

pytestmark = pytest.mark.django_db
FILE = Path(settings.BASE_DIR) / "var" / "desk-words.txt"
READ = {
    "title",
    "h1",
    "h2",
    "h3",
    "button",
    "label",
    "summary",
    "legend",
    "th",
    "a",
    "p",
    "caption",
    "option",
}
TITLES = {"title", "h1", "h2", "h3", "th", "legend", "caption", "button", "summary"}

ENGLISH = re.compile(
    r"\b(?:the|and|you|your|with|this|that|are|not|please|found|results?|seconds|search|select|delete|save|saved|add|"
    r"change|changed|log ?in|log ?out|view|click|field|required|successfully|error|errors|home|welcome|user|users|yes|"
    r"password|email address|today|now|clear|filter|filters|reset|apply|close|loading|more|show|hide|toggle|expand)\b",
    re.IGNORECASE,
)
GLUED = re.compile(
    r"\b(?:l'accès le devis|version le devis|lien le devis|refusé le devis|Par à qui|de entreprise|de utilisateur|"
    r"de article|(?:Ajouter|Supprimer) (?:devis|client|article|utilisateur|modèle|texte type|invitation)|"
    r"Par (?:actif|état|type|suite|rôle|signé|situation|proposé)|l'objet|identifiant « |Corrigez l'erreur ci-dessous)",
    re.IGNORECASE,
)
JARGON = re.compile(r"\b(?:PAdES|figée?s?|superutilisateur|B-B|B-LTA|webhook|hash|token)\b", re.IGNORECASE)
# Names, and words that French has too.
NAMES = re.compile(r"\b(?:Ctrl\+K|Stripe|Logisav|SHA-256)\b|[\w.+-]+@[\w.-]+|https?://\S+")


class Words(HTMLParser):
    """What a page says, by the tag that says it; what is only for « Détails » apart."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, str, bool]] = []
        self.open: list[tuple[str, list[str]]] = []
        self.details = self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.details += tag == "details"
        self.silent += tag in ("script", "style", "svg", "template")
        named = dict(attrs)
        if (label := named.get("aria-label") or named.get("placeholder")) and not self.silent:
            self.said.append((f"{tag} (nom)", label, bool(self.details)))
        if tag in READ:
            self.open.append((tag, []))
        if "material-symbols-outlined" in (named.get("class") or ""):
            self.open.append(("icon", []))

    def handle_data(self, data: str) -> None:
        if self.open and not self.silent:
            self.open[-1][1].append(data)

    def handle_endtag(self, tag: str) -> None:
        self.details -= tag == "details"
        self.silent -= tag in ("script", "style", "svg", "template")
        if self.open and (self.open[-1][0] == tag or (self.open[-1][0] == "icon" and tag == "span")):
            said, words = self.open.pop()
            text = " ".join("".join(words).split())
            if text and said != "icon":
                self.said.append((said, text, bool(self.details) and said != "summary"))


def words_of(page: str) -> list[tuple[str, str, bool]]:
    parser = Words()
    parser.feed(page)
    return parser.said


def pages(browser: Client, house: House | None) -> Iterator[tuple[str, str]]:
    names = (
        listed()
        if house
        else [name for name in listed() if name.endswith(("changelist", "_add", "index", "find"))]
    )
    for name in names:
        if name in ("logout", "jsi18n") or (house is None and name.startswith("logisav_invitation_add")):
            continue
        path = house.path(name) if house else f"/{named_routes()[name][0]}"
        response: Any = browser.get(path, house.asked(name) if house else {}, follow=True)
        if response.status_code == 200 and response.headers["Content-Type"].startswith("text/html"):
            yield path, response.content.decode()


def test_the_desk_speaks_french_in_whole_sentences() -> None:
    """Empty first: what a list says that has nothing."""
    make_company()
    first = User.objects.create_superuser("vide", "vide@exemple.fr", "mot de passe")
    said = [(path, one) for path, page in pages(at_desk(first), None) for one in words_of(page)]
    first.delete()
    house = build()
    said += [(path, one) for path, page in pages(house.browser("superuser"), house) for one in words_of(page)]
    _write(said)
    wrong = sorted(
        {f"{path}: <{tag}> {text}" for path, (tag, text, hidden) in said for _ in _faults(tag, text, hidden)}
    )
    assert not wrong, "\n" + "\n".join(wrong)


def _faults(tag: str, text: str, hidden: bool) -> Iterator[str]:
    plain = NAMES.sub("", text)
    if ENGLISH.search(plain):
        yield "English"
    if GLUED.search(plain.replace("\u00a0", " ").replace("’", "'")):
        yield "glued"
    if tag in TITLES and plain[:1].islower() and not hidden:
        yield "lower case"
    if not hidden and JARGON.search(plain):
        yield "jargon"


def _write(said: list[tuple[str, tuple[str, str, bool]]]) -> None:
    """Each once, by the page where it was first met."""
    FILE.parent.mkdir(exist_ok=True)
    met: dict[tuple[str, str], str] = {}
    for path, (tag, text, _) in said:
        met.setdefault((tag, text), path)
    lines, page = [], ""
    for (tag, text), path in met.items():
        if path != page:
            lines.append(f"\n== {path}")
            page = path
        lines.append(f"{tag:14} {text}")
    FILE.write_text("\n".join(lines).lstrip() + "\n")


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("tag", "text", "hidden", "is_wrong"),
    [
        ("p", "Found 0 results in 0,00 seconds", False, True),
        ("h1", "devis", False, True),
        ("button", "Bloquer l'accès le devis D-2026-0019\u00a0?", False, True),
        ("p", "Version 1 figée", False, True),
        ("p", "Cachet PAdES B-B", True, False),
        ("h2", "Devis", False, False),
        ("p", "Aucun devis pour l'instant.", False, False),
    ],
)
def test_what_is_wrong_is_seen(tag: str, text: str, hidden: bool, is_wrong: bool) -> None:
    assert bool(list(_faults(tag, text, hidden))) is is_wrong
