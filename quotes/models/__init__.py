"""The business nouns: company, customer, quote with its lines, versions, links, questions and journal."""

from quotes.models.access import AccessLink, Answer, Question
from quotes.models.aid import Aid
from quotes.models.company import Company, Customer
from quotes.models.declaration import Declaration
from quotes.models.enclosure import ItemEnclosure, QuoteEnclosure
from quotes.models.journal import JournalHead, QuoteEvent
from quotes.models.library import CatalogueItem, QuoteTemplate, TemplateLine, TextTemplate
from quotes.models.line import QuoteLine
from quotes.models.list_columns import Turn
from quotes.models.purge import PurgedEvent, PurgedFile, PurgeOpening, PurgePermit
from quotes.models.quote import IllegalMove, NumberCounter, Quote
from quotes.models.temporary import DraftPdf, KnownColumn, StagedImport
from quotes.models.version import QuoteVersion

__all__ = [
    "AccessLink",
    "Aid",
    "Answer",
    "CatalogueItem",
    "Company",
    "Customer",
    "Declaration",
    "DraftPdf",
    "IllegalMove",
    "ItemEnclosure",
    "JournalHead",
    "KnownColumn",
    "NumberCounter",
    "PurgeOpening",
    "PurgePermit",
    "PurgedEvent",
    "PurgedFile",
    "Question",
    "Quote",
    "QuoteEnclosure",
    "QuoteEvent",
    "QuoteLine",
    "QuoteTemplate",
    "QuoteVersion",
    "StagedImport",
    "TemplateLine",
    "TextTemplate",
    "Turn",
]
