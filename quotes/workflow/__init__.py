"""Every write that has consequences: one verb, one story, one transaction.

What may be done when stands in quotes/rules.py, the lock order in locking.py.
"""

from quotes.workflow.aids import attach_contribution, detach_contribution
from quotes.workflow.choosing import Choosing, choose_options
from quotes.workflow.damage import note_damage, note_mended, stored_pdf, take_out_of_force
from quotes.workflow.desk import (
    block,
    cancel,
    change_email,
    mark_delivered,
    mark_done,
    mark_refused,
    say_nature,
    unblock,
)
from quotes.workflow.drafts import request_draft_pdf
from quotes.workflow.exchange import (
    Asking,
    answer,
    ask,
    mark_accepted,
    note_opened,
    refuse,
    request_link,
    resend_link,
)
from quotes.workflow.reminding import remind, remind_automatically, tell_expiry
from quotes.workflow.sending import (
    DraftHasChanged,
    abandon_sending,
    complete_sending,
    create_quote,
    duplicate,
    resume_sending,
    revise,
    send,
)
from quotes.workflow.stuck import retry, tell_stuck
from quotes.workflow.templates import NameTaken, create_from_template, save_as_template
from quotes.workflow.withdrawing import (
    Coded,
    TooLate,
    confirm,
    confirm_with_code,
    declare,
    declare_openly,
    disown,
    mail_withdrawal_code,
    record_otherwise,
    record_withdrawal,
    take_silence,
    take_up,
    tell_declaration_again,
)

__all__ = [
    "Asking",
    "Choosing",
    "Coded",
    "DraftHasChanged",
    "NameTaken",
    "TooLate",
    "abandon_sending",
    "answer",
    "ask",
    "attach_contribution",
    "block",
    "cancel",
    "change_email",
    "choose_options",
    "complete_sending",
    "confirm",
    "confirm_with_code",
    "create_from_template",
    "create_quote",
    "declare",
    "declare_openly",
    "detach_contribution",
    "disown",
    "duplicate",
    "mail_withdrawal_code",
    "mark_accepted",
    "mark_delivered",
    "mark_done",
    "mark_refused",
    "note_damage",
    "note_mended",
    "note_opened",
    "record_otherwise",
    "record_withdrawal",
    "refuse",
    "remind",
    "remind_automatically",
    "request_draft_pdf",
    "request_link",
    "resend_link",
    "resume_sending",
    "retry",
    "revise",
    "save_as_template",
    "say_nature",
    "send",
    "stored_pdf",
    "take_out_of_force",
    "take_silence",
    "take_up",
    "tell_declaration_again",
    "tell_expiry",
    "tell_stuck",
    "unblock",
]
