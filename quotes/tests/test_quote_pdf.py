"""The quote's PDF: all of it is there, nothing is torn apart, no text of anybody does harm."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from logisav.tests.figures import sample
from quotes.colour import Palette
from quotes.content import Content, LineFacts, Terms
from quotes.pdf import rendering
from quotes.tests.contents import (
    COMPANY,
    CUSTOMER,
    DOCUMENT,
    LINES,
    PHOTO,
    item,
    make_content,
    poisoned,
    section,
)
from quotes.tests.documents import asked, read, trap
from quotes.tests.ssrf import payloads

pytestmark = pytest.mark.sqlite

rendered = functools.cache(rendering.quote_pdf)  # the same text gives the same bytes: no need to wait twice
MILLIMETRE = 72 / 25.4
FOOT = re.compile(r"page \d+/\d+")
DETAIL = "Un détail qui tient sur une ligne."
WORD = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>')


def pages_of(content: Content) -> list[str]:
    """What each page says, foot left out."""
    text = read(rendered(content), "pdftotext", "-layout")
    return [page.split(content.company.legal_name + ", ")[0].rstrip() for page in text.split("\f") if page]


def test_it_says_what_was_frozen() -> None:
    words = " ".join(" ".join(pages_of(make_content())).split())
    for expected in (
        "Devis D-2026-0148",
        "Valable jusqu'au 20 décembre 2026 inclus",
        "Remplacement de la chaudière gaz",
        "Mme Claire Morel",
        "Remise de 5 % déduite.",
        "En option, hors total",
        "Bon pour accord",
        "Assurance",
        "Médiation",
        "Article 1. Nos prix sont fermes.",
    ):
        assert expected in words


def test_amounts_are_written_the_french_way() -> None:
    words = " ".join("\n".join(pages_of(make_content())).split())
    assert "6 545,50 €" in words
    assert "5,5 %" in words


def test_every_page_bears_number_and_place() -> None:
    text = read(rendered(make_content(lines=many_lines(60))), "pdftotext", "-layout")
    pages = [page for page in text.split("\f") if page]
    assert len(pages) >= 4
    for place, page in enumerate(pages, start=1):
        assert f"page {place}/{len(pages)}" in page
        assert "D-2026-0148" in page


def many_lines(count: int) -> tuple[LineFacts, ...]:
    return (section("Lot unique"), *(item(f"Poste {rank:02}") for rank in range(1, count + 1)))


def test_sixty_lines_of_one_section_are_all_there_under_a_repeated_head() -> None:
    pages = pages_of(make_content(lines=many_lines(60)))
    text = "\n".join(pages)
    assert [rank for rank in range(1, 61) if text.count(f"Poste {rank:02}") != 1] == []
    assert all("Désignation" in page for page in pages if "Poste" in page)
    assert pages[0].count("Poste") > 3


def test_no_heading_stands_alone_and_short_sections_stay_whole(figure: Callable[[str, str], None]) -> None:
    lines = (
        section("Section A"),
        item("A1", description=DETAIL),
        item("A2"),
        section("Section B"),
        *(item(f"B{rank}") for rank in range(12)),
        section("Section C"),
        item("C1"),
    )
    for letter in range(0, 26, sample(7, 1)):
        intro = "Une ligne de lettre qui est assez longue pour tenir toute seule.\n" * letter
        for page in pages_of(make_content(lines=lines, intro=intro)):
            last = page.splitlines()[-1].strip()
            assert not last.startswith(("Section", "Désignation"))
            assert ("A1" in page) == ("A2" in page) == ("Section A" in page)
    figure("pdf breaks", f"{len(range(0, 26, sample(7, 1)))} letters of all lengths, no heading alone")


def test_vat_and_total_are_never_parted_nor_signatures_left_alone(figure: Callable[[str, str], None]) -> None:
    for count in range(1, 40, sample(9, 1)):
        pages = pages_of(make_content(lines=many_lines(count)))
        with_total = [page for page in pages if "Total TTC" in page]
        assert len(with_total) == 1
        assert all(words in with_total[0] for words in ("Base HT", "Total HT", "Acompte"))
        assert "Poste" in with_total[0]
        (with_signatures,) = (page for page in pages if "Bon pour accord" in page)
        assert "Elles font partie du contrat." in with_signatures
    figure(
        "pdf totals",
        f"{len(range(1, 40, sample(9, 1)))} lengths, VAT and total always together, signatures never alone",
    )


def test_the_address_shows_in_the_window_of_an_envelope() -> None:
    """DL, window 35 × 100 mm: what shows however the folded sheet slides is 100 to 190 mm across, 55 to 79 down."""
    html = read(rendered(make_content()), "pdftotext", "-bbox", "-l", "1")
    boxes = [
        tuple(float(side) / MILLIMETRE for side in match.groups()[:4])
        for match in WORD.finditer(html)
        if match[5] in {"Claire", "Morel", "Saint-Cyr-au-Mont-d&apos;Or", "69450"}
    ]
    inside = [box for box in boxes if box[0] >= 100 and box[2] <= 190 and box[1] >= 55 and box[3] <= 79]
    assert len(inside) >= 3


def test_consumers_find_the_withdrawal_form_and_others_do_not() -> None:
    form = "formulaire de rétractation"
    assert "\n".join(pages_of(make_content())).count(form) == 1
    assert form not in "\n".join(pages_of(make_content(notices=())))


def test_general_terms_in_a_file_of_their_own_are_named() -> None:
    terms = Terms("pdf", sha256="0" * 64, pages=3)
    words = " ".join("\n".join(pages_of(make_content(terms=terms))).split())
    assert "Jointes à ce devis (3 pages)" in words


def test_a_business_sees_its_number_and_contact_and_no_mediator() -> None:
    customer = dataclasses.replace(
        CUSTOMER, kind="business", name="Boulangerie Perrin", contact="Mme Perrin", siren="552100554"
    )
    text = "\n".join(pages_of(make_content(customer=customer)))
    assert "552100554" in text
    assert "Mme Perrin" in text
    assert "Médiation" not in text


def test_a_preview_says_that_it_is_a_draft() -> None:
    draft, frozen = (rendered(make_content(), draft=draft) for draft in (True, False))
    assert "Brouillon" in "".join(read(draft, "pdftotext", "-raw").split())
    assert "Brouillon" not in "".join(read(frozen, "pdftotext", "-raw").split())


@pytest.mark.parametrize("colour", ["#ffffff", "#ffff00", "#000000"])
def test_any_company_colour_will_do(colour: str) -> None:
    company = dataclasses.replace(COMPANY, colour=colour)
    assert rendered(make_content(company=company)).startswith(b"%PDF-1.7")


def test_a_word_without_end_stays_on_the_sheet() -> None:
    word = "Hyperlongmotsanscoupure" * 12
    lines = (section(word), item(word, price="123456.78", description=word), *LINES)
    html = read(rendered(make_content(lines=lines, title=word[:60])), "pdftotext", "-bbox")
    assert max(float(match[3]) for match in WORD.finditer(html)) <= (210 - 18) * MILLIMETRE + 1


def test_all_fonts_are_embedded() -> None:
    rows = read(rendered(make_content()), "pdffonts").splitlines()[2:]
    assert len(rows) >= 3
    assert [row for row in rows if " yes yes yes " not in row] == []


def test_hostile_texts_in_every_field_reach_neither_network_nor_disk(
    tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    hostile = payloads(web="http://127.0.0.1:9", file=Path("/etc/hostname"))
    size = sample(12, 1)
    poisons = ["\n".join(hostile[start : start + size]) for start in range(0, len(hostile), size)]
    results = trap([_page(poison) for poison in poisons], mode="engine", scratch=tmp_path)
    assert {result["outcome"] for result in results} == {"rendered"}
    assert asked(results) == []
    figure(
        "ssrf quote", f"{len(hostile)} texts in every field, {len(results)} PDFs, 0 sockets, 0 opens outside"
    )


def _page(poison: str) -> str:
    content = poisoned(make_content(photos=(PHOTO,), documents=(DOCUMENT,)), poison)
    palette = Palette.of(content.company.colour)
    return render_to_string("pdf/quote.html", {"content": content, "accent": palette.accent, "logo": False})
