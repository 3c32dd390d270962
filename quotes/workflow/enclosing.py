"""Photos and documents of a quote: added to the working copy, frozen with its next version.

Files are stored already, by their content. The journal says nothing of it, as of the lines: what is frozen tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from lib import files
from quotes.models import CatalogueItem, ItemEnclosure, PurgedFile, Quote, QuoteEnclosure, QuoteLine
from quotes.models.enclosure import Enclosure
from quotes.pictures.engine import Photo
from quotes.rules import Verb
from quotes.workflow.locking import locked

MEGABYTE = 1024 * 1024
MAX_PHOTOS = 12
MAX_DOCUMENTS = 10
MAX_DOCUMENTS_BYTES = 10 * MEGABYTE  # of all documents of a quote together


class NoRoom(Exception):
    """More than a quote may have; the message says which bound, in French."""


@dataclass(frozen=True)
class StoredFile:
    """What `enclose` writes down: names of stored files, and what is known of them."""

    kind: str
    file: str
    label: str
    size: int
    small: str = ""
    pages: int = 0
    width: int = 0
    height: int = 0
    small_width: int = 0

    @classmethod
    def of_photo(cls, photo: Photo, *, label: str) -> StoredFile:
        """Stores its two sizes: never inside a transaction."""
        return cls(
            kind=Enclosure.Kind.PHOTO,
            file=files.store(photo.large, folder="photos", suffix=".jpg"),
            small=files.store(photo.small, folder="photos", suffix=".jpg"),
            label=label,
            size=len(photo.large),
            width=photo.width,
            height=photo.height,
            small_width=photo.small_width,
        )


@transaction.atomic
def enclose(quote_id: int, stored: StoredFile, *, line: str = "", in_contract: bool = True) -> QuoteEnclosure:
    """The same file for the same line again is the one that is there. Raises IllegalMove or NoRoom."""
    quote = locked(quote_id)
    quote.require(Verb.EDIT)
    there = list(quote.enclosures.all())
    line = line if quote.lines.filter(identity=line).exists() else ""
    if (
        same := next((one for one in there if (str(one.file), one.line) == (stored.file, line)), None)
    ) is not None:
        return same
    _make_room(there, stored)
    return QuoteEnclosure.objects.create(quote=quote, line=line, in_contract=in_contract, **vars(stored))


@transaction.atomic
def change_enclosure(quote_id: int, pk: int, *, label: str, line: str, in_contract: bool) -> None:
    """Raises IllegalMove, or DoesNotExist when another tab has removed it."""
    quote = locked(quote_id)
    quote.require(Verb.EDIT)
    found = quote.enclosures.get(pk=pk)
    found.label = label or ("" if found.is_photo else found.label)
    found.line = line if quote.lines.filter(identity=line).exists() else ""
    found.in_contract = in_contract
    found.save(update_fields=["label", "line", "in_contract"])


@transaction.atomic
def remove_enclosure(quote_id: int, pk: int) -> None:
    """Its files go once nothing names them any more: a version may. Raises IllegalMove."""
    quote = locked(quote_id)
    quote.require(Verb.EDIT)
    for found in quote.enclosures.filter(pk=pk):
        forget_files(found)
        found.delete()


@transaction.atomic
def bring_from_catalogue(quote_id: int, lines: Iterable[QuoteLine]) -> int:
    """What the articles of new lines, known by their words, bring along; how much found no room. Raises IllegalMove."""
    made = defaultdict[str, list[str]](list)
    for new in lines:
        if new.kind == QuoteLine.Kind.ITEM:
            made[new.label].append(new.identity)
    found = list(ItemEnclosure.objects.filter(item__label__in=made).select_related("item"))
    if not found:
        return 0
    quote, left = locked(quote_id), 0
    quote.require(Verb.EDIT)
    there = list(quote.enclosures.all())
    for one, line in [(each, identity) for each in found for identity in made[each.item.label]]:
        if any((each.file, each.line) == (one.file, line) for each in there):
            continue
        try:
            _make_room(there, one)
        except NoRoom:
            left += 1
            continue
        there.append(QuoteEnclosure.objects.create(quote=quote, line=line, **one.copied))
    return left


def copy_enclosures(quote: Quote, copy: Quote, *, same: dict[str, str]) -> None:
    """`same`: identities of the lines here, by those there."""
    QuoteEnclosure.objects.bulk_create(
        QuoteEnclosure(quote=copy, line=same.get(one.line, ""), **one.copied)
        for one in quote.enclosures.all()
    )


@transaction.atomic
def enclose_in_item(item_id: int, stored: StoredFile, *, in_contract: bool = True) -> None:
    """Of an article of the catalogue. Raises NoRoom."""
    item = CatalogueItem.objects.select_for_update(no_key=True).get(pk=item_id)
    there = list(item.enclosures.all())
    if any(one.file == stored.file for one in there):
        return
    _make_room(there, stored)
    ItemEnclosure.objects.create(item=item, in_contract=in_contract, **vars(stored))


def change_of_item(item_id: int, pk: int, *, label: str, in_contract: bool) -> None:
    """Lines that were made of the article before keep what it brought."""
    for found in ItemEnclosure.objects.filter(item=item_id, pk=pk):
        found.label, found.in_contract = label or ("" if found.is_photo else found.label), in_contract
        found.save(update_fields=["label", "in_contract"])


@transaction.atomic
def remove_from_item(item_id: int, pk: int) -> None:
    for found in ItemEnclosure.objects.filter(item=item_id, pk=pk):
        forget_files(found)
        found.delete()


def forget_files(found: Enclosure) -> None:
    """`manage.py purge` removes those that nothing refers to any more."""
    PurgedFile.objects.bulk_create([PurgedFile(name=name) for name in found.files], ignore_conflicts=True)


def forget_stored(stored: StoredFile) -> None:
    """Of a file that found no place."""
    names = [name for name in (stored.file, stored.small) if name]
    PurgedFile.objects.bulk_create([PurgedFile(name=name) for name in names], ignore_conflicts=True)


def _make_room(there: Iterable[Enclosure], new: Enclosure | StoredFile) -> None:
    alike = [one for one in there if one.kind == new.kind]
    if new.kind == Enclosure.Kind.PHOTO:
        if len(alike) >= MAX_PHOTOS:
            raise NoRoom(f"{MAX_PHOTOS}\u00a0photos au plus\u00a0: retirez-en une d'abord.")
        return
    if len(alike) >= MAX_DOCUMENTS:
        raise NoRoom(f"{MAX_DOCUMENTS}\u00a0documents au plus\u00a0: retirez-en un d'abord.")
    if sum(one.size for one in alike) + new.size > MAX_DOCUMENTS_BYTES:
        raise NoRoom(
            "Les documents dépassent 10\u00a0Mo ensemble\u00a0: retirez-en un, ou joignez-en un plus léger."
        )
