"""Every write that has consequences: one verb, one story, one transaction.

Lock order: Quote → SigningRequest or Deposit → JournalHead.
"""

from quotes.workflow.desk import block, cancel, change_email, mark_done, mark_refused, unblock
from quotes.workflow.drafts import request_draft_pdf
from quotes.workflow.exchange import (
    MAX_LINKS_AN_HOUR,
    MAX_QUESTIONS_AN_HOUR,
    Asked,
    answer,
    ask,
    mark_accepted,
    note_opened,
    refuse,
    request_link,
    resend_link,
)
from quotes.workflow.importing import Imported, ImportOutcome, confirm_import, stage_import
from quotes.workflow.reminding import remind, remind_automatically, tell_expiry
from quotes.workflow.sending import (
    abandon_sending,
    complete_sending,
    create_quote,
    duplicate,
    revise,
    send,
)
from quotes.workflow.templates import NameTaken, create_from_template, save_as_template
from quotes.workflow.withdrawing import Withdrawal, withdraw

__all__ = [
    "MAX_LINKS_AN_HOUR",
    "MAX_QUESTIONS_AN_HOUR",
    "Asked",
    "ImportOutcome",
    "Imported",
    "NameTaken",
    "Withdrawal",
    "abandon_sending",
    "answer",
    "ask",
    "block",
    "cancel",
    "change_email",
    "complete_sending",
    "confirm_import",
    "create_from_template",
    "create_quote",
    "duplicate",
    "mark_accepted",
    "mark_done",
    "mark_refused",
    "note_opened",
    "refuse",
    "remind",
    "remind_automatically",
    "request_draft_pdf",
    "request_link",
    "resend_link",
    "revise",
    "save_as_template",
    "send",
    "stage_import",
    "tell_expiry",
    "unblock",
    "withdraw",
]
