"""What a PDF does by itself, or lets others do: scripts, programs, files inside it, forms of their own.

Every object that the file holds is looked at, reachable or not, so that nothing waits where another reader begins. What
leads to a page, or to an address that one presses, stays: every word processor writes these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject, PdfObject
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.seal.reading import opened

# ISO 32000-1: 12.6.4 (actions), 12.5.6 (annotations), 7.11.4 (embedded files), 12.7.8 (XFA), 12.3.5 (portfolios).
KEYS = frozenset(
    {"/JavaScript", "/JS", "/AA", "/XFA", "/EF", "/EmbeddedFiles", "/Collection", "/RichMedia", "/Launch"}
)
ACTIONS = frozenset({"/GoTo", "/URI", "/Named"})
ADDRESSES = re.compile(r"(?i)(?:https?|mailto|tel):")
KINDS = frozenset(
    {
        "/JavaScript",
        "/Launch",
        "/EmbeddedFile",
        "/FileAttachment",
        "/RichMedia",
        "/Screen",
        "/Movie",
        "/Sound",
        "/3D",
        "/Rendition",
        "/ImportData",
        "/SubmitForm",
        "/GoToE",
        "/GoToR",
    }
)
READ = ("/S", "/Type", "/Subtype", "/A", "/OpenAction", "/Next", "/URI")
# Names that no compressed stream has by chance: what an object outside every table says all the same.
WRITTEN = (b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/RichMedia")


def active_content(pdf: bytes) -> list[str]:
    """The names of what makes it more than pages, sorted; raises whatever the reader does where it cannot read."""
    reader = opened(pdf)
    if reader.encrypted:
        return ["Encrypt"]
    found = {name for value in _objects(reader) for name in _active(value)}
    found |= {written.decode() for written in WRITTEN if written in pdf}
    return sorted(name.removeprefix("/") for name in found)


def _objects(reader: PdfFileReader) -> Iterator[PdfObject]:
    """What the trailer leads to, and what any table of the file names, as it was then."""
    tables = range(reader.xrefs.total_revisions)
    waiting: list[Any] = [reader.get_object(reader.root_ref)]
    for table in tables:
        named = reader.xrefs.explicit_refs_in_revision(table)
        waiting += [reader.get_object(ref, revision=table) for ref in named]
    seen = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, IndirectObject):
            if (key := (value.idnum, value.generation)) not in seen:
                seen.add(key)
                waiting.append(value.get_object())
            continue
        yield value
        if isinstance(value, DictionaryObject):
            waiting += [value.raw_get(key) for key in value]
        elif isinstance(value, ArrayObject):
            waiting += [value.raw_get(position) for position in range(len(value))]


def _active(value: PdfObject) -> Iterator[str]:
    if not isinstance(value, DictionaryObject):
        return
    yield from KEYS.intersection(value)
    # Read as a reader does: a name may stand somewhere else in the file.
    said = {key: value[key] for key in READ if key in value}
    yield from KINDS.intersection(str(said.get(key, "")) for key in ("/S", "/Type", "/Subtype"))
    for key in ("/A", "/OpenAction", "/Next"):
        action = said.get(key)
        if isinstance(action, DictionaryObject) and "/S" in action and str(action["/S"]) not in ACTIONS:
            yield key if key == "/OpenAction" else str(action["/S"])
    if str(said.get("/S", "")) == "/URI" and not ADDRESSES.match(str(said.get("/URI", ""))):
        yield "/URI"


def page_count(pdf: bytes) -> int:
    """Its pages, counted leaf by leaf: what a tree says of itself may be anything."""
    reader = opened(pdf)
    waiting: list[Any] = [reader.root.raw_get("/Pages")]
    seen, pages = set(), 0
    while waiting:
        node = waiting.pop()
        if isinstance(node, IndirectObject):
            if (key := (node.idnum, node.generation)) in seen:
                continue
            seen.add(key)
            node = node.get_object()
        if not isinstance(node, DictionaryObject):
            continue
        if "/Kids" in node:
            kids = node["/Kids"]
            waiting += [kids.raw_get(position) for position in range(len(kids))]
        else:
            pages += 1
    return pages
