"""Tried by `manage.py doctor`: a page becomes a PDF, the texts of the law were read, the legal pages are whole."""

from __future__ import annotations

from functools import cache

from lib.trials import FellShort, Trial, Tried
from quotes import legal
from quotes.law import notices
from quotes.models import Company
from quotes.pdf import engine

PAGE = '<!doctype html><html lang="fr"><title>Essai</title><p>Page d\'essai de Logisav.</p></html>'


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
LEGAL_PAGES = Trial("Pages légales", legal_pages)
LAW_TEXTS = Trial("Textes de loi", law_texts)
