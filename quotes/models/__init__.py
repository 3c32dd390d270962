"""The business nouns: company, customer, quote with its lines, versions, links, questions and journal."""

from quotes.models.access import AccessLink, Answer, Question
from quotes.models.company import Company, Customer
from quotes.models.glance import Turn
from quotes.models.journal import JournalHead, QuoteEvent
from quotes.models.library import CatalogueItem, QuoteTemplate, TemplateLine, TextTemplate
from quotes.models.line import QuoteLine
from quotes.models.passing import DraftPdf, StagedImport
from quotes.models.quote import IllegalMove, NumberCounter, Quote
from quotes.models.version import QuoteVersion

__all__ = [
    "AccessLink",
    "Answer",
    "CatalogueItem",
    "Company",
    "Customer",
    "DraftPdf",
    "IllegalMove",
    "JournalHead",
    "NumberCounter",
    "Question",
    "Quote",
    "QuoteEvent",
    "QuoteLine",
    "QuoteTemplate",
    "QuoteVersion",
    "StagedImport",
    "TemplateLine",
    "TextTemplate",
    "Turn",
]
