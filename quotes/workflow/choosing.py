"""The customer chooses options on line: a version of its own, made of the frozen text, never of the working copy."""

from __future__ import annotations

import enum
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from lib import limiter
from notifications import outbox
from quotes import emails, journal, rules
from quotes.content import Content
from quotes.journal import Actor
from quotes.models import AccessLink, IllegalMove, Quote, QuoteVersion
from quotes.rules import Verb
from quotes.versions import choosing, freezing
from quotes.versions.choosing import Unchoosable
from quotes.workflow.locking import locked

MOST_VERSIONS = 40  # of a quote's life


class Choosing(enum.Enum):
    CHOSEN = enum.auto()
    SAME = enum.auto()
    CHANGED = enum.auto()  # another version is in force than the one that was read
    TOO_OFTEN = enum.auto()
    TOO_MANY_VERSIONS = enum.auto()


@transaction.atomic
def choose_options(
    quote_id: int, *, link: AccessLink, chosen: frozenset[str], version_hash: str, actor: Actor
) -> Choosing | Unchoosable:
    """Freeze the version in force once more, with these options and no others. Raises IllegalMove.

    It stays in force, and can be signed, until the PDF of the new one is stored.
    """
    quote = locked(quote_id)
    version = _version_in_force(quote, link)
    if version.version_hash != version_hash or version.damaged_at is not None:
        return Choosing.CHANGED
    content, number = version.reading, _next_number(quote)
    # The number stands in the words that are ticked.
    trial = choosing.try_out(quote, replace(content, version=number), chosen)
    if trial.why_not is not None:
        return trial.why_not
    if trial.content.chosen == content.chosen:
        return Choosing.SAME
    if quote.versions.count() >= MOST_VERSIONS:
        return Choosing.TOO_MANY_VERSIONS
    hour, of_link = limiter.CHOICE.of(quote=quote.pk), limiter.CHOICE_BY_LINK.of(link=link.pk)
    if limiter.take(hour, of_link).wait is not None:
        return Choosing.TOO_OFTEN
    made = _freeze(quote, version, trial.content)
    quote.choice, quote.choice_state = sorted(chosen), Quote.ChoiceState.PREPARING
    quote.save(update_fields=["choice", "choice_state"])
    journal.append(
        quote,
        "options_chosen",
        actor=actor,
        version=number,
        based_on=version.number,
        content_sha256=made.content_sha256,
        link=link.pk,
        chosen=[{"identity": line.identity, "label": line.label} for line in trial.content.chosen],
        total=str(made.total),
        words=_words(trial.content),
    )
    transaction.on_commit(lambda: outbox.nudge("quotes.render", made.pk), robust=True)
    return Choosing.CHOSEN


def _version_in_force(quote: Quote, link: AccessLink) -> QuoteVersion:
    """With the link as it is now, read inside the lock."""
    version, link = quote.version_for(Verb.CHOOSE), AccessLink.objects.get(pk=link.pk)
    link.quote = quote
    why = rules.why_not(Verb.CHOOSE, quote.circumstances(version, link=link.status(version)))
    if why is not None:
        raise IllegalMove(quote, why)
    return version


def _next_number(quote: Quote) -> int:
    return int(Quote.objects.to_freeze().get(pk=quote.pk).last_number) + 1


def _words(content: Content) -> str:
    return ", ".join(line.label for line in content.chosen) or "aucune option"


def _freeze(quote: Quote, version: QuoteVersion, content: Content) -> QuoteVersion:
    made = freezing.row_of(quote, content, email=version.email)
    made.valid_until, made.chosen_on = version.valid_until, version.number
    made.save(force_insert=True)
    return made


def complete_choice(quote: Quote, version: QuoteVersion, *, pdf: str, pdf_sha256: str) -> None:
    """Its PDF is stored: it takes the place of the version on which it was chosen, if that one still stands."""
    if not _still_stands(quote, version):
        QuoteVersion.objects.filter(pk=version.pk).update(
            pdf=pdf, pdf_sha256=pdf_sha256, done_at=timezone.now(), claimed_until=None
        )
        _overtaken(quote, version)
        return
    version.come_into_force(pdf=pdf, pdf_sha256=pdf_sha256)
    _settle(quote, Quote.ChoiceState.NONE)
    journal.append(quote, "choice_in_force", actor=Actor.system(), **version.named)


def abandon_choice(quote: Quote, version: QuoteVersion, *, reason: str) -> None:
    """The PDF cannot be made: the version before stays in force; owner and page are told."""
    if not _still_stands(quote, version):
        _overtaken(quote, version)
        return
    _settle(quote, Quote.ChoiceState.FAILED)
    emails.choice_failed(quote, reason=reason)
    journal.append(quote, "choice_failed", actor=Actor.system(), version=version.number, reason=reason[:500])


def _still_stands(quote: Quote, version: QuoteVersion) -> bool:
    """What it was chosen on is still in force and to be signed."""
    before = quote.current_version()
    return (
        quote.state in rules.states(Verb.CHOOSE) and before is not None and before.number == version.chosen_on
    )


def _overtaken(quote: Quote, version: QuoteVersion) -> None:
    """Signed, settled or replaced by its owner meanwhile: it never comes into force. Another may be on its way."""
    waiting = quote.versions.filter(chosen_on__isnull=False, done_at=None, failed_at=None)
    if not waiting.exclude(pk=version.pk).exists():
        _settle(quote, Quote.ChoiceState.NONE)
    journal.append(quote, "choice_overtaken", actor=Actor.system(), version=version.number)


def start_from_choice(quote: Quote) -> None:
    """The owner's next version begins with what the customer chose; a line of another choice is an option again."""
    if quote.choice is None:
        return
    for line in quote.lines.filter(option=True):
        line.chosen = line.identity in quote.choice
        line.save(update_fields=["chosen"])


def _settle(quote: Quote, state: Quote.ChoiceState) -> None:
    quote.choice_state = state
    quote.save(update_fields=["choice_state"])
