"""Photos and documents that staff hand in for a quote or an article, several at once: looked into, then stored.

Each file is judged by itself: one that is refused keeps none of the others back, and is told by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest
from django.utils.datastructures import MultiValueDict
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from lib import files
from lib.fields import LineField, visible, whole
from logisav.desk.examined import document_pages
from quotes import workflow
from quotes.models import IllegalMove, ItemEnclosure, QuoteEnclosure
from quotes.models.enclosure import Enclosure
from quotes.uploads import MAX_DOCUMENT_BYTES, MAX_PHOTO_BYTES, is_pdf, read_photo
from quotes.workflow import NoRoom, StoredFile
from quotes.workflow.enclosing import MAX_DOCUMENTS, MAX_PHOTOS

TAKEN = "image/jpeg,image/png,image/webp,image/heic,image/heif,application/pdf"
MOST_AT_ONCE = MAX_PHOTOS + MAX_DOCUMENTS
LONGEST_LABEL = 120


if TYPE_CHECKING:
    Upload = UploadedFile[Any]


class _Several(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: MultiValueDict[str, Upload], name: str) -> Any:
        return files.getlist(name)


class FilesField(forms.FileField):
    """As many as are chosen; none is an empty list."""

    widget = _Several

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        return [file for file in data or [] if file]


class HandedInForm(forms.Form):
    """`shots` is the same as `chosen`: on a telephone it opens the camera at once."""

    chosen = FilesField(
        label="Choisir des photos ou des PDF",
        required=False,
        widget=_Several(attrs={"multiple": True, "accept": TAKEN}),
        help_text=(
            "Photos JPEG, PNG, WebP ou HEIC, 20\u00a0Mo au plus chacune. "
            "PDF\u00a0: 10\u00a0Mo et 60\u00a0pages au plus."
        ),
    )
    shots = FilesField(
        label="Prendre une photo",
        required=False,
        widget=_Several(attrs={"accept": "image/*", "capture": "environment"}),
    )
    label = LineField(
        label="Légende ou titre",
        required=False,
        max_length=LONGEST_LABEL,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Sans titre, un PDF garde le nom de son fichier.",
    )
    in_contract = forms.BooleanField(
        label="Les PDF font partie du contrat",
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget(),
        help_text="Le client les accepte en signant, comme les conditions générales.",
    )

    def clean(self) -> dict[str, Any]:
        super().clean()
        handed_in = [*self.cleaned_data.get("chosen", []), *self.cleaned_data.get("shots", [])]
        if not handed_in:
            self.add_error("chosen", "Choisissez au moins une photo ou un PDF.")
        if len(handed_in) > MOST_AT_ONCE:
            self.add_error("chosen", f"{MOST_AT_ONCE}\u00a0fichiers au plus à la fois.")
        return self.cleaned_data | {"handed_in": handed_in}


@dataclass(frozen=True)
class Enclosed:
    """One that is there, and where the desk shows it."""

    row: QuoteEnclosure | ItemEnclosure
    address: str


class LabelForm(forms.Form):
    label = LineField(required=False, max_length=LONGEST_LABEL)
    in_contract = forms.BooleanField(required=False)


PART = "X-Part"  # asked for by static/desk/enclosures.js, which puts the section back into the page


def named_row(request: HttpRequest) -> int:
    """Which one a button stands beside."""
    pk = whole(request.POST.get("enclosure", ""))
    if pk is None:
        raise Http404
    return pk


def take_in(form: HandedInForm, keep: Callable[[StoredFile], object]) -> int:
    """How many were kept; the others are errors of the form. Raises IllegalMove."""
    kept = 0
    for file in form.cleaned_data["handed_in"]:
        try:
            stored = stored_file(file, label=form.cleaned_data["label"])
            _keep(stored, keep)
        except (ValidationError, NoRoom) as refusal:
            why = refusal.messages[0] if isinstance(refusal, ValidationError) else str(refusal)
            form.add_error("chosen", f"{_shown_name(file)}\u00a0: {why}")
        else:
            kept += 1
    return kept


def _keep(stored: StoredFile, keep: Callable[[StoredFile], object]) -> None:
    """What finds no place is not left behind on the disk."""
    try:
        keep(stored)
    except (NoRoom, IllegalMove):
        workflow.forget_stored(stored)
        raise


def stored_file(file: Upload, *, label: str) -> StoredFile:
    """Looked into by processes of their own, before any lock is taken. Raises ValidationError."""
    if (file.size or 0) > max(MAX_PHOTO_BYTES, MAX_DOCUMENT_BYTES):
        raise ValidationError("Ce fichier dépasse 20\u00a0Mo.")
    data: bytes = file.read()
    if is_pdf(data):
        return _document(data, label or _shown_name(file))
    return StoredFile.of_photo(read_photo(data), label=label)


def _document(data: bytes, title: str) -> StoredFile:
    if len(data) > MAX_DOCUMENT_BYTES:
        raise ValidationError("Ce document dépasse 10\u00a0Mo.")
    pages = document_pages(data)
    name = files.store(data, folder="documents")
    return StoredFile(
        kind=Enclosure.Kind.DOCUMENT, file=name, label=title[:LONGEST_LABEL], size=len(data), pages=pages
    )


def _shown_name(file: Upload) -> str:
    """As its owner calls it, without what nobody sees."""
    stem = visible(PurePath(file.name or "").stem).replace("_", " ").strip()
    return " ".join(stem.split())[:LONGEST_LABEL] or "document"
