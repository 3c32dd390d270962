"""What changed of a quote's photos and documents, each known by its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from lib import french
from lib.french import NBSP
from quotes.content import Content, DocumentFacts, PhotoFacts

T = TypeVar("T", PhotoFacts, DocumentFacts)


def enclosure_changes(old: Content, new: Content) -> Iterator[str]:
    labels = {line.identity: line.label for content in (old, new) for line in content.lines if line.identity}
    yield from _photos(old.photos, new.photos, labels)
    yield from _documents(old, new, labels)


def _photos(
    before: Sequence[PhotoFacts], after: Sequence[PhotoFacts], labels: dict[str, str]
) -> Iterator[str]:
    def named(photo: PhotoFacts) -> str:
        about = photo.caption or labels.get(photo.line, "")
        return f"{NBSP}: {about}" if about else ""

    kept, added, removed = _paired(before, after)
    yield from (f"Photo ajoutée{named(photo)}." for photo in added)
    yield from (f"Photo retirée{named(photo)}." for photo in removed)
    for was, now in kept:
        if was.caption != now.caption:
            yield (
                f"La légende d'une photo est maintenant {french.quoted(now.caption)}."
                if now.caption
                else f"La légende {french.quoted(was.caption)} d'une photo est retirée."
            )
        yield from _moved(f"Photo{named(now)}", was, now, labels)
        if replace(was, caption=now.caption, line=now.line) != now:
            yield f"Photo redessinée{named(now)}."
    yield from _reordered("photos", kept, before)


def _documents(old: Content, new: Content, labels: dict[str, str]) -> Iterator[str]:
    before, after = old.documents, new.documents
    kept, added, removed = _paired(before, after)
    for document in added:
        part = ", qui fait partie du contrat" if document in new.contract_documents else ""
        yield f"Document ajouté{NBSP}: {document.title}{part}."
    yield from (f"Document retiré{NBSP}: {document.title}." for document in removed)
    for was, now in kept:
        if was.title != now.title:
            yield f"Le document {french.quoted(was.title)} s'appelle maintenant {french.quoted(now.title)}."
        is_part = now in new.contract_documents
        if is_part != (was in old.contract_documents):
            part = "fait maintenant" if is_part else "ne fait plus"
            yield f"Le document {french.quoted(now.title)} {part} partie du contrat."
        yield from _moved(f"Document{NBSP}: {now.title}", was, now, labels)
        if (was.pages, was.size) != (now.pages, now.size):
            yield f"Le document {french.quoted(now.title)} a changé."
    yield from _reordered("documents", kept, before)


def _moved(what: str, was: T, now: T, labels: dict[str, str]) -> Iterator[str]:
    if was.line == now.line:
        return
    place = labels.get(now.line, "")
    yield (
        f"{what}, maintenant à la ligne {french.quoted(place)}."
        if place
        else f"{what}, maintenant pour tout le devis."
    )


def _paired(before: Sequence[T], after: Sequence[T]) -> tuple[list[tuple[T, T]], list[T], list[T]]:
    """The same file before and after, of the same line first; what came; what went."""
    rest, waiting, kept = list(before), list(after), []
    same: tuple[Callable[[T, T], bool], ...] = (
        lambda was, now: (was.sha256, was.line) == (now.sha256, now.line),
        lambda was, now: was.sha256 == now.sha256,
    )
    for alike in same:
        for now in list(waiting):
            was = next((one for one in rest if alike(one, now)), None)
            if was is not None:
                kept.append((was, now))
                rest.remove(was)
                waiting.remove(now)
    kept.sort(key=lambda pair: after.index(pair[1]))
    return kept, waiting, rest


def _reordered(what: str, kept: Sequence[tuple[T, T]], before: Sequence[T]) -> Iterator[str]:
    if [was for was, _ in kept] != [one for one in before if any(one is was for was, _ in kept)]:
        yield f"L'ordre des {what} a changé."
