"""Django looks for its admin here: every page of the desk registers itself."""

from logisav.desk import catalogue, customers, mails, paper, questions, signatures
from logisav.desk.company import company
from logisav.desk.library import templates
from logisav.desk.payments import deposits
from logisav.desk.quotes import quote
from logisav.desk.staff import accounts, invitations, journal
from logisav.desk.stuck import page as stuck

__all__ = [
    "accounts",
    "catalogue",
    "company",
    "customers",
    "deposits",
    "invitations",
    "journal",
    "mails",
    "paper",
    "questions",
    "quote",
    "signatures",
    "stuck",
    "templates",
]
