"""The whole signed document is still PDF/A-3b, as far as the tools at hand can tell (veraPDF is not among them)."""

from __future__ import annotations

import io

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from quotes import workflow
from quotes.models import Quote
from quotes.pdf import rendering
from quotes.tests.documents import read
from quotes.tests.factories import SYSTEM, make_quote
from signing import sealing
from signing.tests.factories import make_signature

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
FORBIDDEN = ("/OpenAction", "/AA", "/JavaScript", "/XFA", "/NeedAppearances")


def test_the_signed_document_stays_an_archive_for_everybody() -> None:
    quote = make_quote()
    rendering.render_version(workflow.send(quote.pk, actor=SYSTEM).pk)
    document = sealing.sealed_pdf(make_signature(Quote.objects.get(pk=quote.pk))).pdf
    reader = PdfFileReader(io.BytesIO(document))
    root = reader.root

    metadata = root["/Metadata"].data.decode()
    assert 'pdfaid:part="3"' in metadata
    assert 'pdfaid:conformance="B"' in metadata
    assert root["/Lang"] == "fr"
    assert root["/MarkInfo"]["/Marked"]
    intent = root["/OutputIntents"][0]
    assert (intent["/S"], "/DestOutputProfile" in intent) == ("/GTS_PDFA1", True)
    assert not [name for name in FORBIDDEN if name in root or name in root["/AcroForm"]]
    assert "/Encrypt" not in reader.trailer

    files = root["/Names"]["/EmbeddedFiles"]["/Names"]
    assert [str(files[at]) for at in range(0, len(files), 2)] == ["conditions-generales.txt", "preuve.json"]
    assert len(root["/AF"]) == 2
    for at in range(1, len(files), 2):
        assert {"/F", "/UF", "/AFRelationship", "/EF"} <= set(files[at])
        assert files[at]["/EF"]["/F"]["/Subtype"] in ("/text/plain", "/application/json")

    fonts = [line.split() for line in read(document, "pdffonts").splitlines()[2:]]
    assert fonts
    for font in fonts:  # … emb sub uni object id
        assert font[-5:-2] == ["yes", "yes", "yes"], font
    assert "Tagged:          yes" in read(document, "pdfinfo")
    assert "Document" in read(document, "pdfinfo", "-struct-text")
