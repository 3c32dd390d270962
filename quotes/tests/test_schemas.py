"""The frozen text of a version, one number a schema: each is read, shown, compared, signed and verified for ever."""

from __future__ import annotations

import html
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from logisav.desk.tests.desk import text
from quotes import content, workflow
from quotes.content import Content
from quotes.pdf import rendering
from quotes.tests.factories import SYSTEM, mails, send_again, version_of, visitor
from quotes.tests.frozen import MADE_ON, RGE_PROOF, fixture, in_force, rich_quote, shape_of
from quotes.versions.comparison import changes
from quotes.versions.comparison_lines import line_changes
from signing import sealing
from signing.models import SealedDocument, Signature
from signing.seal.attached import attached
from signing.tests.factories import make_signing_request, right_code, sign
from signing.workflow import Outcome

pytestmark = pytest.mark.django_db
NEWEST = str(content.SCHEMA)
# Schema 1 grew by four keys that are read as absent where they are: `1-first` was frozen before the first of them.
NAMES = ("1-first", *map(str, range(1, content.SCHEMA + 1)))
every_schema = pytest.mark.parametrize("name", NAMES)


def test_what_is_frozen_today_is_the_newest_schema() -> None:
    """New keys take a new number; its fixture is written by this test when it is not there yet."""
    with time_machine.travel(MADE_ON):
        version = workflow.send(rich_quote().pk, actor=SYSTEM)
    text, document = fixture(NEWEST, "json"), fixture(NEWEST, "pdf")
    if not text.exists():
        text.write_text(version.content, encoding="utf-8")
        document.write_bytes(rendering.quote_pdf(version.reading))
        pytest.fail(f"{text.name} and its PDF were missing and are written now: look at them, keep them.")
    assert shape_of(version.content) == shape_of(text.read_text(encoding="utf-8")), (
        "The frozen text has other keys than its schema: give it the next number and a reader (quotes/content.py)."
    )


@every_schema
def test_its_bytes_are_read_and_stay_as_they_are(name: str) -> None:
    stored = fixture(name, "json").read_text(encoding="utf-8")
    read = Content.from_json(stored)
    schema = int(name[0])
    assert json.loads(stored)["schema"] == schema
    assert (read.number, read.version, str(read.total)) == ("D-2026-0148", 1, "9210.54")
    assert [line.label for line in read.lines].count("Main-d'œuvre") == 2
    assert read.email == ("" if schema == 1 else "claire.morel@exemple.fr")
    assert all(line.identity for line in read.lines) == (schema > 1)
    assert (read.to_json() == stored) == (name == NEWEST)


def test_an_unknown_schema_is_refused() -> None:
    newest = json.loads(fixture(NEWEST, "json").read_text(encoding="utf-8"))
    for schema in (0, content.SCHEMA + 1, "1"):
        with pytest.raises(ValueError, match="unknown schema"):
            Content.from_json(json.dumps(newest | {"schema": schema}))


@every_schema
def test_the_customer_reads_it(name: str) -> None:
    quote = in_force(name)
    browser = visitor(quote)
    page = html.unescape(text(browser.get(quote.get_absolute_url())))
    for shown in ("Évacuation comprise.", "Garantie 10 ans", "9\u202f210,54\u00a0€"):
        assert shown in page
    assert ("45 € HT par déplacement" in page) == (name != "1-first"), "what was not frozen is not made up"
    assert "claire.morel@exemple.fr" not in page, "the address is hashed, not shown"
    response: Any = browser.get(f"{quote.get_absolute_url()}devis.pdf")
    assert b"".join(response.streaming_content) == fixture(name, "pdf").read_bytes()


@every_schema
def test_the_next_version_is_compared_with_it(name: str) -> None:
    quote = in_force(name)
    old = version_of(quote)
    send_again(quote, title="Une pompe plus petite")
    new = version_of(quote)
    assert list(line_changes(old.reading.lines, new.reading.lines)) == []
    (sentence,) = (one for one in changes(old.reading, new.reading) if one.startswith("Objet"))
    assert sentence in mails("quotes/new_version", quote).get().text
    assert sentence in html.unescape(text(visitor(quote).get(quote.get_absolute_url())))


@every_schema
def test_it_is_signed_sealed_and_verified(name: str, tmp_path: Path) -> None:
    quote = in_force(name)
    request = make_signing_request(quote, place="off_premises")
    assert sign(request, right_code(request)) is Outcome.SIGNED
    assert sealing.seal_signature(Signature.objects.get(quote=quote).pk)
    file = tmp_path / "signe.pdf"
    file.write_bytes(SealedDocument.objects.get().file.read())
    assert file.read_bytes().startswith(fixture(name, "pdf").read_bytes())
    assert (attached(file.read_bytes(), "attestation-rge.pdf") == RGE_PROOF) == (int(name[0]) >= 3)
    out = StringIO()
    call_command("verify_pdf", str(file), stdout=out)
    assert (json.loads(out.getvalue())["seal"], json.loads(out.getvalue())["known_revision"]) == ("intact", 1)
    call_command("verify_evidence", quote.number, stdout=StringIO())
    version = version_of(quote)
    assert version.content == fixture(name, "json").read_text(encoding="utf-8")
    assert version.computed_hash() == version.version_hash
