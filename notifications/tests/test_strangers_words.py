"""No address that a stranger typed can be pressed in a mail of ours; what was said stays readable."""

from __future__ import annotations

import re

import pytest
from django.utils.html import escape, urlize

from notifications.strangers import defused

# What anything at all might take for an address: something, a dot or an @, something that is not all figures.
ADDRESS = re.compile(r"[^\s.]\.(?=[^\W\d])|\S@\S|[^\W\d]:\S|//|\\\\", re.UNICODE)


@pytest.mark.parametrize(
    ("typed", "mailed"),
    [
        ("Voyez exemple.fr", "Voyez exemple . fr"),
        ("https://exemple.fr/a?b=c", "https : / /exemple . fr/a?b=c"),
        ("www.exemple.fr.", "www . exemple . fr."),
        ("WWW。exemple．fr", "WWW 。 exemple ． fr"),
        ("claire@exemple.fr", "claire @ exemple . fr"),
        ("mailto:claire", "mailto : claire"),
        ("javascript:alert(1)", "javascript : alert(1)"),
        ("tel:+33899", "tel : +33899"),
        (r"\\serveur\partage", r"\ \serveur\partage"),
        ("//exemple/x", "/ /exemple/x"),
        ("192.0.2.1", "192 . 0 . 2 . 1"),
        ("0300.0.02.1:80", "0300 . 0 . 02 . 1:80"),
        ("exemple\u200d.fr", "exemple\u200d . fr"),
        ("exemple.\u200dfr", "exemple . \u200dfr"),
        ("xn--caf-dma.example", "xn--caf-dma . example"),
        ("exemple.рф", "exemple . рф"),
        ("(exemple.fr)", "(exemple . fr)"),
        ("exemple.1fr", "exemple . 1fr"),
        ("3.fr", "3 . fr"),
        ("3.4.fr", "3.4 . fr"),
        ("1.2.3.4.5", "1.2.3.4.5"),
    ],
)
def test_what_a_mail_program_would_make_a_link_of_is_spaced(typed: str, mailed: str) -> None:
    assert defused(typed) == mailed
    assert not ADDRESS.search(defused(typed))
    assert urlize(defused(typed), autoescape=True) == escape(defused(typed))


@pytest.mark.parametrize(
    "said",
    [
        "Le bruit gênera-t-il nos voisins ?",
        "32.5 dB(A), 1.234,50 €, le 12.06.2026 à 9:30.",
        "Oui. Non... Peut-être (sans doute.) « Bien. »",
        "Prix : 3 €",
        "Et/ou 1/2",
        "06.39.98.12.34",
    ],
)
def test_sentences_numbers_and_hours_stay_as_they_were(said: str) -> None:
    assert defused(said) == said


def test_once_more_changes_nothing() -> None:
    once = defused("https://www.exemple.fr, claire@exemple.fr")
    assert defused(once) == once
