"""The mail of « Envoyer » and « Relancer »: shown as the customer will read it, its first words free to write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from lib.fields import ParagraphsField
from quotes import emails
from quotes.models import Quote
from quotes.versions import comparison, freezing

LONGEST = 2000
# What mail programs turn into a link by themselves: addresses of sites and mailboxes, with or without a scheme.
SITES = "fr|com|net|org|eu|io|info|biz|app|dev|shop|site|online|xyz|ru|cn|uk|ly|gl|gle"
ADDRESS = re.compile(
    rf"""[a-z][a-z0-9+.-]*://\S*
      | \bmailto:\S*
      | \bwww\.\S+
      | [\w.+-]+@[\w-]+(?:\.[\w-]+)+
      | \b[\w-]+(?:\.[\w-]+)*\.(?:{SITES})\b(?:/\S*)?
    """,
    re.IGNORECASE | re.VERBOSE,
)
HREF = re.compile(r'\shref="[^"]*"')


@dataclass(frozen=True)
class MailPreview:
    """What will leave, its link not made yet."""

    to: str
    subject: str
    text: str
    html: str


class WordsForm(forms.Form):
    words = ParagraphsField(
        label="Votre mot",
        max_length=LONGEST,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text="Il suit le bonjour. Vide : la phrase habituelle. Le reste du mail ne change pas.",
        error_messages={
            "max_length": "Ce mot est trop long\u00a0: %(limit_value)d caractères au plus, il en a %(show_value)d."
        },
    )

    def __init__(self, data: Any = None, *, usual: str = "", written: str = "") -> None:
        super().__init__(data, initial={"words": written or usual})
        self.usual = usual

    def clean_words(self) -> str:
        """The one link of a mail is the quote's: any other looks like a fraud, to people and to filters."""
        words: str = self.cleaned_data["words"]
        if found := ADDRESS.search(words):
            raise forms.ValidationError(
                f"Retirez « {found.group()[:60]} » : ce mail ne porte qu'un lien, celui du devis, "
                "et le client vous écrit en y répondant."
            )
        return "" if words == self.usual else words

    @property
    def said(self) -> str:
        return str(self.cleaned_data["words"])

    @property
    def shown(self) -> str:
        """The words for the picture of the mail: none of one's own while they are wrong."""
        if not self.is_bound:
            return str(self.initial["words"])
        return self.said if self.is_valid() else ""


def message_of(quote: Quote, step: str) -> str:
    if step == "relancer":
        return "quotes/reminder"
    return "quotes/link" if quote.last_held_version() is None else "quotes/new_version"


def words_form(quote: Quote, step: str, data: Any) -> WordsForm:
    written = lost_words(quote) if step == "envoyer" else ""
    return WordsForm(data, usual=emails.usual_words(message_of(quote, step), quote), written=written)


def lost_words(quote: Quote) -> str:
    """What was written for a version that could not be sent: nobody writes it twice."""
    latest = quote.versions.order_by("-number").first()
    return latest.mail_words if latest is not None and latest.failed_at else ""


def mail(quote: Quote, step: str, words: str) -> MailPreview:
    """The mail as it will read with these words."""
    current = quote.current_version()
    version = freezing.next_version(quote) if step == "envoyer" or current is None else current
    context = emails.amounts(version) | {"words": words, "changes": changes(quote)}
    subject, written = emails.as_read(message_of(quote, step), quote, context=context)
    # Without its address the button of the picture leads nowhere.
    return MailPreview(quote.customer.email, subject, written.text, HREF.sub("", written.html))


def changes(quote: Quote) -> list[str]:
    """What the working copy changes of the version that the customer holds."""
    held = quote.last_held_version()
    return comparison.changes(held.reading, freezing.preview(quote)) if held else []
