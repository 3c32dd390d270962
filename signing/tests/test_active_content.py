"""What a PDF does by itself is found, wherever it hides; pages as word processors make them are left alone."""

from __future__ import annotations

import pytest

from quotes.pdf import engine
from signing import seal
from signing.tests.sealed import small_pdf


def with_object(body: bytes, *, named: bytes = b"") -> bytes:
    """A page, and an object more that its catalogue names, or that only the table does."""
    return small_pdf(catalog=b"<</Type/Catalog/Pages 2 0 R%b>>" % named, more=(body,))


ACTIVE = {
    "script at opening": (b"<</S/JavaScript/JS(app.alert\\(1\\))>>", b"/OpenAction 5 0 R"),
    "script by name": (b"<</Names[(a)<</S/JavaScript/JS(1)>>]>>", b"/Names<</JavaScript 5 0 R>>"),
    "a name written otherwise": (b"<</S/Java#53cript/J#53(1)>>", b"/OpenAction 5 0 R"),
    "a program": (b"<</S/Launch/F(cmd.exe)>>", b"/OpenAction 5 0 R"),
    "whatever happens later": (b"<</O<</S/Named/N/NextPage>>>>", b"/AA 5 0 R"),
    "a file inside": (
        b"<</Names[(a)<</Type/Filespec/EF<</F 4 0 R>>>>]>>",
        b"/Names<</EmbeddedFiles 5 0 R>>",
    ),
    "a form of its own": (b"<</XFA[]/Fields[]>>", b"/AcroForm 5 0 R"),
    "sent somewhere": (b"<</S/SubmitForm/F(https://pirate.example)>>", b"/OpenAction 5 0 R"),
    "an address that is a script": (b"<</S/URI/URI(javascript:alert\\(1\\))>>", b"/OpenAction 5 0 R"),
    "an action nobody knows": (b"<</S/Whatever>>", b"/OpenAction 5 0 R"),
    "one after another": (b"<</S/GoTo/D[3 0 R/Fit]/Next[<</S/Launch>>]>>", b"/OpenAction 5 0 R"),
    "nobody leads there": (b"<</S/JavaScript/JS(1)>>", b""),
    "a portfolio": (b"<</View/T>>", b"/Collection 5 0 R"),
    "a film": (b"<</Type/Annot/Subtype/RichMedia>>", b""),
}


@pytest.mark.parametrize("name", ACTIVE)
def test_what_acts_by_itself_is_found(name: str) -> None:
    body, named = ACTIVE[name]
    assert seal.active_content(with_object(body, named=named))


def test_what_stands_in_no_table_is_found_too() -> None:
    hidden = small_pdf().replace(b"xref\n0 5", b"9 0 obj\n<</S/Launch>>\nendobj\nxref\n0 5")
    table = hidden.rindex(b"xref\n0 5")
    assert seal.active_content(hidden[: hidden.rindex(b"startxref")] + b"startxref\n%d\n%%%%EOF\n" % table)


def test_a_protected_file_is_told_apart() -> None:
    keys = b"<</Filter/Standard/V 2/R 3/Length 128/P -4/O<%b>/U<%b>>>" % (b"00" * 32, b"00" * 32)
    protected = with_object(keys).replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt 5 0 R/ID[<00><00>]")
    assert seal.active_content(protected) == ["Encrypt"]


@pytest.mark.parametrize(
    "named",
    [
        b"/OpenAction[3 0 R/XYZ null null 0]",
        b"/OpenAction<</S/GoTo/D[3 0 R/Fit]>>",
        b"/Names<</Dests 5 0 R>>",
        b"/StructTreeRoot<</K<</S/P/A<</O/Layout>>>>>>",
    ],
)
def test_what_word_processors_write_is_left_alone(named: bytes) -> None:
    link = b"<</A<</S/URI/URI(https://thermo-rhone.example)>>/Names[]>>"
    assert seal.active_content(with_object(link, named=named)) == []


def test_what_our_own_renderer_makes_is_left_alone() -> None:
    page = '<html lang="fr"><title>CGV</title><h1 id="a">Article 1</h1><p><a href="#a">1</a></p></html>'
    assert seal.active_content(engine.render(page)) == []
