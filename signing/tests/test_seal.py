"""The seal alone: what is sealed stays as it was, and whoever touches it is found out."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import re
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
import time_machine
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, signers
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter

from logisav.tests.figures import FULL, sample
from quotes.pdf import engine
from quotes.tests.documents import read
from signing import seal
from signing.seal import EmbeddedFile, Report, Signer
from signing.seal.reading import Reader

T = TypeVar("T")

pytestmark = pytest.mark.sqlite

PAGE = '<!doctype html><html lang="fr"><title>{0}</title><body><h1>{0}</h1><p>{1}</p>{2}</body></html>'
TABLE = "<table><tr><th>Mot</th><th>Montant</th></tr><tr><td>Un</td><td>1</td></tr></table>"
LINK = '<p><a href="https://example.org/">Un lien</a></p>'
PROOF = EmbeddedFile("preuve.json", b'{"schema":1}', "application/json", "Le journal")
TERMS = EmbeddedFile("conditions générales.pdf", b"%PDF-1.7\n", "application/pdf", "Conditions", "Supplement")
OBJECTS = (
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<<>>>>",
    b"<</Length 25>>stream\n0 0 1 rg 20 20 99 99 re f\nendstream",
)


def small_pdf() -> bytes:
    """The smallest thing that can be sealed, so that every one of its bytes can be tried."""
    out, places = io.BytesIO(b"%PDF-1.7\n"), []
    out.seek(0, io.SEEK_END)
    for number, body in enumerate(OBJECTS, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    start = out.tell()
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    out.write(b"xref\n0 5\n0000000000 65535 f \n%btrailer\n<</Size 5/Root 1 0 R>>\n" % table)
    out.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return new_signer(tmp_path_factory.mktemp("key") / "seal.p12")


def new_signer(path: Path, name: str = "Cachet Thermo Rhône") -> Signer:
    seal.make_key(path, passphrase="un mot", common_name=name, organisation="Thermo Rhône")
    return seal.load_signer(path, "un mot")


@pytest.fixture(scope="module")
def quote() -> bytes:
    return engine.render(PAGE.format("Devis", "Pompe à chaleur", TABLE + LINK))


@pytest.fixture(scope="module")
def whole(quote: bytes) -> bytes:
    certificate = engine.render(PAGE.format("Certificat", "Signé par Claire Morel", TABLE + LINK))
    return seal.append(quote, certificate, attachments=[TERMS, PROOF])


@pytest.fixture(scope="module")
def sealed(whole: bytes, signer: Signer) -> bytes:
    return seal.seal(whole, signer)


@pytest.fixture(scope="module")
def small(signer: Signer) -> bytes:
    return seal.seal(small_pdf(), signer)


def judged(document: bytes, signer: Signer) -> Report:
    return seal.check(document, trusted=[signer.certificate])


# The key


def test_the_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    new_signer(tmp_path / "seal.p12")
    assert stat.S_IMODE((tmp_path / "seal.p12").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["seal.p12"]


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    first = new_signer(tmp_path / "seal.p12")
    with pytest.raises(FileExistsError):
        new_signer(tmp_path / "seal.p12")
    assert seal.load_signer(tmp_path / "seal.p12", "un mot").certificate == first.certificate


def test_an_unusable_key_is_said_to_be_one(tmp_path: Path) -> None:
    new_signer(tmp_path / "seal.p12")
    (tmp_path / "broken.p12").write_bytes(b"not a key")
    for name, passphrase in (("seal.p12", "autre"), ("none.p12", "un mot"), ("broken.p12", "un mot")):
        with pytest.raises(seal.UnusableKey):
            seal.load_signer(tmp_path / name, passphrase)


def test_a_key_out_of_date_seals_nothing_more(tmp_path: Path) -> None:
    new_signer(tmp_path / "seal.p12")
    with (
        time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=3700)),
        pytest.raises(seal.UnusableKey),
    ):
        seal.load_signer(tmp_path / "seal.p12", "un mot")


# Appending


def test_the_whole_begins_with_the_very_bytes_that_were_read(
    quote: bytes, whole: bytes, sealed: bytes
) -> None:
    assert whole.startswith(quote)
    assert sealed.startswith(whole)


@pytest.mark.parametrize("sign", ["\v", "\x02", "\ufffe"])
def test_a_version_whose_title_no_xml_can_hold_is_appended_to_and_sealed(sign: str, signer: Signer) -> None:
    """As versions were frozen before texts were cleaned; what was read stays, its description says the rest."""
    odd = engine.render(PAGE.format(f"Salle de bains{sign}et toilettes", f"Salle{sign}de bains", TABLE))
    certificate = engine.render(PAGE.format("Certificat", "Signé par Claire Morel", TABLE))
    whole = seal.append(odd, certificate, attachments=[PROOF])
    document = seal.seal(whole, signer)
    assert document.startswith(odd)
    assert judged(document, signer).seal == "intact"
    reader = PdfFileReader(io.BytesIO(document))
    soft = " " if sign in "\v\f" else ""
    assert f'<rdf:li xml:lang="x-default">Salle de bains{soft}et toilettes<' in xmp_of(reader)
    assert reader.trailer_view["/Info"]["/Title"] == f"Salle de bains{soft}et toilettes"


def xmp_of(reader: PdfFileReader) -> str:
    return bytes(reader.root["/Metadata"].data).decode()


def test_pages_fonts_and_words_of_both_parts_are_there(whole: bytes) -> None:
    text = read(whole, "pdftotext")
    assert text.index("Pompe à chaleur") < text.index("Signé par Claire Morel")
    assert "Pages:           2" in read(whole, "pdfinfo")
    rows = read(whole, "pdffonts").splitlines()[2:]
    assert rows
    assert [row for row in rows if " yes yes yes " not in row] == []


def test_the_two_structure_trees_become_one(whole: bytes) -> None:
    tree = read(whole, "pdfinfo", "-struct-text")
    assert tree.count("Document") == 1
    assert [
        re.search(rf'H1.*\n.*Span.*\n\s*"{title}"', tree) is None for title in ("Devis", "Certificat")
    ] == [
        False,
        False,
    ]
    keys, headers = structure_of(whole)
    assert keys == sorted(set(keys))
    assert len(headers) == len(set(headers)) == 4


def test_every_object_is_read_as_pyhanko_reads_it(sealed: bytes) -> None:
    ours, theirs = Reader(sealed), PdfFileReader(io.BytesIO(sealed))
    named = [
        ref
        for at in range(theirs.xrefs.total_revisions)
        for ref in theirs.xrefs.explicit_refs_in_revision(at)
    ]
    assert len(named) > 50
    for ref in named:
        found, wanted = (one.get_object(ref) for one in (ours, theirs))
        assert (type(found), repr(found)) == (type(wanted), repr(wanted)), ref
    assert sum(len(shelf.places) for shelf in ours.shelves.values()) > 50, "its own way was taken"


def structure_of(document: bytes) -> tuple[list[int], list[bytes]]:
    """The keys of the parent tree, and the identifiers of all table headers."""
    root = PdfFileReader(io.BytesIO(document)).root["/StructTreeRoot"]
    numbers = root["/ParentTree"]["/Nums"]
    elements, headers = [root["/K"][0]], []
    while elements:
        element = elements.pop()
        if "/ID" in element:
            headers.append(element["/ID"].original_bytes)
        kids = element.get("/K", [])
        elements += [kids[at] for at in range(len(kids)) if isinstance(kids[at], dict) and "/S" in kids[at]]
    return [int(numbers[at]) for at in range(0, len(numbers), 2)], headers


def test_each_page_finds_its_own_words_in_the_tree(whole: bytes) -> None:
    reader = PdfFileReader(io.BytesIO(whole))
    numbers = list(reader.root["/StructTreeRoot"]["/ParentTree"]["/Nums"])
    parents = dict(zip(numbers[::2], numbers[1::2], strict=True))
    pages = reader.root["/Pages"]["/Kids"]
    for at in range(len(pages)):
        for element in parents[pages[at]["/StructParents"]].get_object():
            assert element.get_object().raw_get("/Pg") == list.__getitem__(pages, at)
        for link in pages[at]["/Annots"]:
            assert parents[link.get_object()["/StructParent"]].get_object()["/S"] == "/Link"


def test_attachments_are_found_by_name_and_associated(whole: bytes) -> None:
    listed = read(whole, "pdfdetach", "-list")
    assert listed.splitlines() == ["2 embedded files", "1: conditions générales.pdf", "2: preuve.json"]
    root = PdfFileReader(io.BytesIO(whole)).root
    assert [root["/AF"][at]["/AFRelationship"] for at in range(2)] == ["/Supplement", "/Supplement"]
    assert root["/AF"][1]["/EF"]["/F"].data == PROOF.data
    assert root["/AF"][1]["/EF"]["/F"]["/Subtype"] == "/application/json"


def test_it_stays_one_pdf_a_3b(sealed: bytes) -> None:
    reader = PdfFileReader(io.BytesIO(sealed))
    metadata = reader.root["/Metadata"].data.decode()
    assert 'pdfaid:part="3"' in metadata
    assert 'pdfaid:conformance="B"' in metadata
    assert reader.root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert reader.input_version == (1, 7)
    assert "/Encrypt" not in reader.trailer


# Sealing and checking


def test_an_untouched_seal_is_intact(sealed: bytes, signer: Signer) -> None:
    report = judged(sealed, signer)
    assert report.intact
    assert (report.coverage, report.docmdp, report.level) == ("entire_file", "respected", "B-B")
    assert (report.known_signer, report.signer, report.errors) == (True, "Cachet Thermo Rhône", ())
    assert report.signed_at is not None
    assert abs(report.signed_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=10)


def test_an_independent_tool_agrees(sealed: bytes) -> None:
    said = read(sealed, "pdfsig", "-nocert")
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said


def test_the_seal_is_invisible(sealed: bytes) -> None:
    field = PdfFileReader(io.BytesIO(sealed)).embedded_signatures[0].sig_field
    assert list(field["/Rect"]) == [0, 0, 0, 0]
    assert field["/T"] == "Cachet"


def apart(call: Callable[[], T]) -> T:
    """In a thread of its own: a browser test before this one leaves its event loop running in the main one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def test_sealing_works_beside_a_running_loop_and_in_threads(signer: Signer) -> None:
    async def inside() -> bool:
        return judged(seal.seal(small_pdf(), signer), signer).intact

    assert apart(lambda: asyncio.run(inside()))
    with ThreadPoolExecutor(4) as pool:
        documents = list(pool.map(lambda _: seal.seal(small_pdf(), signer), range(8)))
    assert all(judged(document, signer).intact for document in documents)


def test_an_old_seal_outlives_the_certificate(small: bytes, signer: Signer) -> None:
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=7000)):
        assert judged(small, signer).intact


def test_a_seal_of_somebody_else_is_not_ours(signer: Signer, tmp_path: Path) -> None:
    forged = seal.seal(small_pdf(), new_signer(tmp_path / "other.p12", name="Cachet Thermo Rhône"))
    report = judged(forged, signer)
    assert (report.seal, report.known_signer) == ("broken", False)
    assert report.errors == ("unknown_signer",)


@pytest.mark.parametrize(
    "document",
    [b"", b"%PDF-1.7", b"hello", b"\0" * 5000, small_pdf(), small_pdf()[:-40], b"%PDF-1.7\n" + b"<<" * 9000],
)
def test_what_bears_no_seal_has_none(document: bytes, signer: Signer) -> None:
    assert judged(document, signer).seal == "absent"


def cut_short(document: bytes) -> Iterator[bytes]:
    for length in range(0, len(document), max(1, len(document) // sample(40, 2000))):
        yield document[:length]
    yield document[:-1]


def test_a_shortened_file_is_found_out(
    small: bytes, signer: Signer, figure: Callable[[str, str], None]
) -> None:
    parts = list(cut_short(small))
    assert [len(part) for part in parts if judged(part, signer).intact] == []
    figure("pdf cut short", f"{len(parts)} lengths, all found")


@pytest.mark.parametrize("tail", [b"\n", b"\0", b" ", b"%%EOF\n", b"% une remarque\n", b"\n" * 5000])
def test_bytes_added_at_the_end_are_found_out(small: bytes, signer: Signer, tail: bytes) -> None:
    report = judged(small + tail, signer)
    assert report.seal == "broken"
    assert "coverage" in report.errors or "unreadable" in report.errors


@pytest.mark.parametrize("head", [b"\n", b"GIF89a\n", b"%PDF-1.4\n"])
def test_bytes_added_at_the_start_are_found_out(small: bytes, signer: Signer, head: bytes) -> None:
    assert judged(head + small, signer).seal == "broken"


def updated(document: bytes) -> bytes:
    """A page redrawn by an incremental update, as a viewer or a forger would write it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"]._data = b"1 0 0 rg 20 20 99 99 re f"
    page["/Contents"]._encoded_data = None
    writer.update_container(page["/Contents"])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_an_update_after_the_seal_is_found_out(small: bytes, signer: Signer) -> None:
    report = judged(updated(small), signer)
    assert report.seal == "broken"
    assert {"coverage", "docmdp"} <= set(report.errors)


def test_pages_appended_after_the_seal_are_found_out(sealed: bytes, quote: bytes, signer: Signer) -> None:
    report = judged(seal.append(sealed, quote), signer)
    assert report.seal == "broken"
    assert "coverage" in report.errors


def countersigned(document: bytes, signer: Signer, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A second signature, by somebody whose software does not mind that the document forbids it."""
    monkeypatch.setattr(signers.PdfSigner, "_enforce_certification_constraints", lambda *_: None)
    metadata = PdfSignatureMetadata(
        field_name="Deux", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )
    second = signers.PdfSigner(metadata, signer=signer.pyhanko, new_field_spec=SigFieldSpec("Deux"))
    return bytes(apart(lambda: second.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(document))).getvalue()))


def test_a_second_signature_is_found_out(
    small: bytes, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = judged(countersigned(small, signer, monkeypatch), signer)
    assert report.seal == "broken"
    assert "several_signatures" in report.errors


def test_a_signature_that_allows_changes_is_no_seal(small: bytes, signer: Signer) -> None:
    metadata = PdfSignatureMetadata(
        field_name="Cachet", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )
    plain = signers.PdfSigner(metadata, signer=signer.pyhanko, new_field_spec=SigFieldSpec("Cachet"))
    document = apart(lambda: plain.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(small_pdf()))).getvalue())
    assert judged(bytes(document), signer).errors == ("level",)


# Attacks that are known by name


def gap_of(document: bytes) -> tuple[int, int]:
    """Where the hexadecimal string of the signature begins and ends, its brackets included."""
    numbers = re.search(rb"/ByteRange \[\s*(\d+) (\d+) (\d+) (\d+)", document)
    assert numbers is not None
    return int(numbers[2]), int(numbers[3])


def test_signature_wrapping_is_found_out(small: bytes, signer: Signer) -> None:
    """The signed bytes moved behind a forged page, the byte range bent to follow them."""
    start, end = gap_of(small)
    extra = updated(small)[len(small) :]
    moved = small[:start] + small[start:end] + extra + small[end:]
    bent = re.sub(
        rb"/ByteRange \[.{1,60}?\]",
        b"/ByteRange [0 %d %d %d]" % (start, end + len(extra), len(small) - end),
        moved,
        count=1,
    )
    assert judged(moved, signer).seal == "broken"
    assert judged(bent, signer).seal == "broken"


@pytest.mark.parametrize("contents", [b"<>", b"<00>", b"null", b"", b"<" + b"00" * 1440 + b">"])
def test_a_signature_without_substance_is_found_out(small: bytes, signer: Signer, contents: bytes) -> None:
    start, end = gap_of(small)
    assert judged(small[:start] + contents + small[end:], signer).seal == "broken"


def test_a_second_spelling_of_the_signature_is_found_out(small: bytes, signer: Signer) -> None:
    start, end = gap_of(small)
    lower = small[:start] + small[start:end].lower() + small[end:]
    assert lower != small
    assert judged(lower, signer).errors == ("frame",)
    hidden = small[: end - 9] + b"DEADBEEF" + small[end - 1 :]
    assert judged(hidden, signer).seal == "broken"


def test_a_signature_taken_from_another_document_is_found_out(signer: Signer, small: bytes) -> None:
    other = seal.seal(small_pdf().replace(b"0 0 1 rg", b"1 0 0 rg"), signer)
    (start, end), (from_, to) = gap_of(small), gap_of(other)
    digits, room = other[from_ + 1 : to - 1], end - start - 2
    transplanted = small[: start + 1] + digits[:room].ljust(room, b"0") + small[end - 1 :]
    assert "digest" in judged(transplanted, signer).errors


# Every byte


def flipped(document: bytes, place: int) -> bytes:
    """One bit of one byte, another bit at each place."""
    return document[:place] + bytes([document[place] ^ (1 << place % 8)]) + document[place + 1 :]


def unnoticed(places: range, *, document: bytes, certificate: bytes) -> list[int]:
    return [place for place in places if seal.check(flipped(document, place), trusted=[certificate]).intact]


def tried(document: bytes, *, step: int, signer: Signer) -> list[int]:
    """Places where a flipped bit goes unnoticed; in the full count spread over two processes."""
    attempt = partial(unnoticed, document=document, certificate=signer.certificate)
    if not FULL:
        return attempt(range(0, len(document), step))
    with ProcessPoolExecutor(2) as pool:
        halves = pool.map(attempt, (range(0, len(document), 2), range(1, len(document), 2)))
        return [place for half in halves for place in half]


def test_one_bit_flipped_in_any_byte_is_found_out(
    small: bytes, signer: Signer, figure: Callable[[str, str], None]
) -> None:
    step = max(1, len(small) // sample(250, len(small)))
    start, end = gap_of(small)
    places = range(0, len(small), step)
    missed = tried(small, step=step, signer=signer)
    assert missed == []
    inside = sum(start <= place < end for place in places)
    figure(
        "pdf bits", f"{len(places) - inside} outside and {inside} inside /Contents of {len(small)}, all found"
    )


def test_one_bit_flipped_in_a_real_document_is_found_out(
    sealed: bytes, signer: Signer, figure: Callable[[str, str], None]
) -> None:
    places = range(0, len(sealed), len(sealed) // sample(30, 600))
    assert unnoticed(places, document=sealed, certificate=signer.certificate) == []
    figure("pdf bits, rendered", f"{len(places)} of {len(sealed)} bytes, all found")
