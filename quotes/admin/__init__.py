"""The owner's desk: Django's admin in the words of the trade. Doors only: every change of state is a verb of workflow."""

from quotes.admin import company, customer, question, quote

__all__ = ["company", "customer", "question", "quote"]
