"""The owner's desk: Django's admin in the words of the trade. Doors only: a verb of workflow does it."""

from quotes.admin import catalogue, company, customer, library, question, quote

__all__ = ["catalogue", "company", "customer", "library", "question", "quote"]
