"""Pages and files appended to a PDF as an incremental update (ISO 32000-1, 7.5.6): the old bytes stay in place.

What comes out begins with the very bytes that went in, so the document that was read can be cut out of the one
that was signed. Structure tree, parent tree and associated files are merged, so that the whole stays one tagged
PDF/A-3b (ISO 19005-3), as WeasyPrint made both parts.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from pyhanko.pdf_utils.embed import EmbeddedFileObject, EmbeddedFileParams, FileSpec
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    NumberObject,
    StreamObject,
    TextStringObject,
    pdf_name,
    pdf_string,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.metadata.xmp_xml import MetadataStream
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import _ObjectImporter
from pyhanko.pdf_utils.xref import ObjectStream

from lib.fields import storable
from signing.seal.reading import Reader

ID_PREFIX = b"annex-"


@dataclass(frozen=True)
class EmbeddedFile:
    """A file that travels inside the PDF; `relationship` as in ISO 19005-3, annex E."""

    name: str
    data: bytes
    mime_type: str
    description: str
    relationship: Literal["Source", "Data", "Alternative", "Supplement", "Unspecified"] = "Supplement"


def append(pdf: bytes, pages: bytes, *, attachments: Sequence[EmbeddedFile] = ()) -> bytes:
    """`pdf`, then the pages of `pages`, then the attached files; the result begins with `pdf`."""
    writer = IncrementalPdfFileWriter.from_reader(Reader(pdf))
    _append_pages(writer, Reader(pages))
    _attach(writer, attachments)
    _clean_description(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _clean_description(writer: IncrementalPdfFileWriter) -> None:
    """What the update says of the document, in XMP (ISO 16684-1) and /Info, without what XML cannot hold.

    Versions that were frozen before texts were cleaned have it in their titles, and pyHanko reads the old description
    to write the new one. The bytes that were read and their hash stay as they are: all this is written behind them.
    """
    # Not with `get`, which gives a reference and not what it leads to.
    described = writer.root["/Metadata"] if "/Metadata" in writer.root else None  # noqa: SIM401
    if isinstance(described, StreamObject):
        written = described.data.decode(errors="replace")
        if (clean := storable(written)) != written:
            described = MetadataStream(stream_data=clean.encode())
            writer.root[pdf_name("/Metadata")] = writer.add_object(described)
            writer.update_root()
    trailer = writer.trailer_view
    info = trailer["/Info"] if "/Info" in trailer else None  # noqa: SIM401
    if isinstance(info, DictionaryObject):
        for key, said in list(info.items()):
            # A string that no encoding of PDF has is read as bytes (ISO 32000-1, annex D.2).
            words = said.decode("latin-1") if isinstance(said, ByteStringObject) else str(said)
            if isinstance(said, TextStringObject | ByteStringObject) and storable(words) != words:
                info[key] = pdf_string(storable(words))
                writer.update_container(info)


def _append_pages(writer: IncrementalPdfFileWriter, source: PdfFileReader) -> None:
    """One import for pages and structure together, so that both keep pointing at each other.

    Two objects of the source are not copied but replaced by their counterpart: the page tree's root, and the
    structure element of the whole document.
    """
    target_tree, source_tree = writer.root["/StructTreeRoot"], source.root["/StructTreeRoot"]
    _renumber(source, offset=_next_key(target_tree["/ParentTree"]["/Nums"]))
    _prefix_ids(source_tree["/K"][0])
    counterparts = {
        source.root.raw_get("/Pages").reference: writer.root.raw_get("/Pages"),
        source_tree["/K"].raw_get(0).reference: target_tree["/K"].raw_get(0),
    }
    stream: ObjectStream = writer.prepare_object_stream()
    importer = _ObjectImporter(source, writer, counterparts, stream)
    for array, more in (
        (writer.root["/Pages"]["/Kids"], source.root["/Pages"]["/Kids"]),
        (target_tree["/K"][0]["/K"], source_tree["/K"][0]["/K"]),
        (target_tree["/ParentTree"]["/Nums"], source_tree["/ParentTree"]["/Nums"]),
    ):
        array.extend(importer.import_object(more))
        writer.update_container(array)
    _count_pages(writer)


def _count_pages(writer: IncrementalPdfFileWriter) -> None:
    """WeasyPrint's page tree is flat: one node holds all the pages."""
    tree = writer.root["/Pages"]
    tree[pdf_name("/Count")] = NumberObject(len(tree["/Kids"]))
    writer.update_container(tree)


def _next_key(numbers: ArrayObject) -> int:
    """The first free key of a parent tree (ISO 32000-1, 14.7.4.4)."""
    return 1 + max((int(numbers[position]) for position in range(0, len(numbers), 2)), default=-1)


def _renumber(source: PdfFileReader, *, offset: int) -> None:
    """Move every key into the parent tree of `source` behind those of the document that it joins."""
    numbers = source.root["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    for position in range(0, len(numbers), 2):
        numbers[position] = NumberObject(numbers[position] + offset)
    for page in _objects(source.root["/Pages"]["/Kids"]):
        page[pdf_name("/StructParents")] = NumberObject(page["/StructParents"] + offset)
        for annotation in _objects(page.get("/Annots", ArrayObject())):
            if "/StructParent" in annotation:
                annotation[pdf_name("/StructParent")] = NumberObject(annotation["/StructParent"] + offset)


def _objects(array: ArrayObject) -> Iterator[DictionaryObject]:
    for position in range(len(array)):
        yield array[position]


def _prefix_ids(root: DictionaryObject) -> None:
    """Table headers are found by an identifier, unique in the whole document (ISO 32000-1, 14.8.5.7)."""
    elements = [root]
    while elements:
        element = elements.pop()
        if "/ID" in element:
            element[pdf_name("/ID")] = _prefixed(element["/ID"])
        headers = element.get("/A", {}).get("/Headers", ArrayObject())
        headers[:] = [_prefixed(header) for header in headers]
        kids = element.get("/K", ArrayObject())
        elements += [kid for kid in _objects(kids) if isinstance(kid, DictionaryObject) and "/S" in kid]


def _prefixed(identifier: TextStringObject | ByteStringObject) -> ByteStringObject:
    return ByteStringObject(ID_PREFIX + identifier.original_bytes)


def _attach(writer: IncrementalPdfFileWriter, attachments: Sequence[EmbeddedFile]) -> None:
    """Embed the files and name them as associated with the whole document (ISO 19005-3, 6.8)."""
    if not attachments:
        return
    names = _subdictionary(writer, _subdictionary(writer, writer.root, "/Names"), "/EmbeddedFiles")
    listed, associated = _array(writer, names, "/Names"), _array(writer, writer.root, "/AF")
    for attachment in attachments:
        reference = writer.add_object(_file_spec(writer, attachment).as_pdf_object())
        listed.extend([pdf_string(attachment.name), reference])
        associated.append(reference)
    _sort_names(listed)
    writer.update_container(listed)
    writer.update_container(associated)


def _sort_names(listed: ArrayObject) -> None:
    """A name tree's leaf holds name, value, name, value …, sorted by name (ISO 32000-1, 7.9.6)."""
    flat = list(listed)
    pairs = sorted(zip(flat[::2], flat[1::2], strict=True), key=lambda pair: str(pair[0]))
    listed[:] = [item for pair in pairs for item in pair]


def _subdictionary(writer: IncrementalPdfFileWriter, parent: DictionaryObject, key: str) -> DictionaryObject:
    if key not in parent:
        parent[pdf_name(key)] = DictionaryObject()
        writer.update_container(parent)
    return cast(DictionaryObject, parent[key])


def _array(writer: IncrementalPdfFileWriter, parent: DictionaryObject, key: str) -> ArrayObject:
    if key not in parent:
        parent[pdf_name(key)] = ArrayObject()
        writer.update_container(parent)
    return cast(ArrayObject, parent[key])


def _file_spec(writer: IncrementalPdfFileWriter, attachment: EmbeddedFile) -> FileSpec:
    embedded = EmbeddedFileObject.from_file_data(
        writer, attachment.data, mime_type=attachment.mime_type, params=EmbeddedFileParams()
    )
    return FileSpec(
        file_spec_string=attachment.name,
        file_name=attachment.name,
        embedded_data=embedded,
        description=attachment.description,
        af_relationship=pdf_name(f"/{attachment.relationship}"),
    )
