"""Tried by `manage.py doctor`: a page becomes a PDF, a photo is drawn anew; law texts read, legal pages whole."""

from __future__ import annotations

from functools import cache

from lib.places import Busy
from lib.trials import FellShort, Trial, Tried
from quotes import legal
from quotes.law import notices
from quotes.models import Company
from quotes.pdf import engine
from quotes.pictures import engine as engine_of_photos
from quotes.pictures.engine import NotDrawn

PAGE = '<!doctype html><html lang="fr"><title>Essai</title><p>Page d\'essai de Logisav.</p></html>'


# A PNG of one grey point.
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)


@cache
def page() -> bytes:
    """Rendered once for all trials that need a document. Raises RenderingFailed."""
    return engine.render(PAGE)


def renderer() -> Tried:
    try:
        page()
    except engine.RenderingFailed as failed:
        raise FellShort(
            f"aucun PDF n'est sorti ({str(failed)[:200]}). "
            "Installez les paquets système que nomme docs/operations.md."
        ) from failed
    return Tried("une page est devenue un PDF")


def photos() -> Tried:
    try:
        engine_of_photos.redrawn(DOT)
    except (NotDrawn, Busy) as failed:
        raise FellShort("aucune photo n'a pu être redessinée : réinstallez requirements.txt.") from failed
    return Tried("une photo a été redessinée")


def law_texts() -> Tried:
    """Not well until somebody has read them, but nothing that stops an installation."""
    company = Company.objects.first()
    unread = notices.unconfirmed() if company is None else company.unread_texts
    if not unread:
        return Tried("les textes de rétractation ont été relus")
    names = ", ".join(one.name for one in unread)
    return Tried(f"à comparer avec Légifrance, puis à noter sur la page de l'entreprise : {names}")


def legal_pages() -> Tried:
    """The pages that the law asks of a site; before there is a company there is no site to publish."""
    company = Company.objects.first()
    if company is None:
        return Tried("l'entreprise n'est pas encore saisie")
    if lacking := legal.missing(company):
        raise FellShort(
            " ".join(finding.sentence for finding in lacking) + " C'est sur la fiche « Entreprise »."
        )
    return Tried("mentions légales, données personnelles et accessibilité sont complètes")


RENDERER = Trial("Mise en page", renderer)
PHOTOS = Trial("Photos", photos)
LEGAL_PAGES = Trial("Pages légales", legal_pages)
LAW_TEXTS = Trial("Textes de loi", law_texts)
