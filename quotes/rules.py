"""What may be done when: each verb of the product, against the situation that a quote is in. Pure data, pure reading.

Verbs, the desk's buttons, actions of the list, the customer's pages and the sweeps ask here; nothing else keeps a list
of states. A verb is refused for the first reason that holds: its stage first, then the others in the order of `Reason`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

# The situation


class Stage(enum.Enum):
    """The quote's state; a refusal that was filed as done was never a contract, so it is a stage of its own."""

    DRAFT = "draft"
    SENDING = "sending"
    SENT = "sent"
    REMINDED = "reminded"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    DONE = "done"
    FILED = "filed"


class VersionStatus(enum.Enum):
    NONE = "none"
    FROZEN = "frozen"  # its PDF is being made, or could not be made: the customer has nothing yet
    IN_FORCE = "in_force"


class LinkStatus(enum.Enum):
    """NONE: no grant, an unknown token, a revoked link, or one that went to another address than the version's."""

    NONE = "none"
    EXPIRED = "expired"
    VALID = "valid"


class DepositStatus(enum.Enum):
    NONE = "none"
    TOO_EARLY = "too_early"
    DUE = "due"
    PENDING = "pending"
    PAID = "paid"


class DeclarationStatus(enum.Enum):
    """Of the withdrawal that stands declared; NONE: none does.

    ASKED: the contract's mailbox has 72 h to answer. Once they are over: SILENT where it was declared with a grant,
    UNMATCHED where nothing but the declaration itself ties it to this customer.
    """

    NONE = "none"
    ASKED = "asked"
    SILENT = "silent"
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that decides what may be done. `link` is VALID for whoever asks from behind the customer's door."""

    stage: Stage
    version: VersionStatus = VersionStatus.IN_FORCE
    revising: bool = False
    blocked: bool = False
    past_validity: bool = False
    address_changed: bool = False  # the customer's mail address is not the one that the version was made for
    link: LinkStatus = LinkStatus.VALID
    withdrawal_open: bool = False
    deposit: DepositStatus = DepositStatus.NONE
    signing_paused: bool = False
    declaration: DeclarationStatus = DeclarationStatus.NONE
    awaits_delivery: bool = False  # a right to withdraw runs from the delivery of the goods
    nature_unknown: bool = False  # signed before it was asked whether this is a supply or labour
    purged: bool = False  # rows of its journal have gone: a contract could not be proved whole any more
    options_fixed: bool = False
    choosing: bool = False  # the version that the customer chose is being prepared


class Situation(enum.Enum):
    """What the customer sees: the rows of the access table, in its order."""

    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    LINK_EXPIRED = "link_expired"
    CONCLUDED = "concluded"
    SETTLED = "settled"
    UPDATING = "updating"
    PAST_VALIDITY = "past_validity"
    OPEN = "open"


# What may be done


class Verb(enum.Enum):
    # The owner
    SEND = "send"
    REVISE = "revise"
    EDIT = "edit"
    CHANGE_CUSTOMER = "change_customer"
    RESEND_LINK = "resend_link"
    REMIND = "remind"
    BLOCK = "block"
    UNBLOCK = "unblock"
    ANSWER = "answer"
    REPEAT_MAIL = "repeat_mail"
    MARK_REFUSED = "mark_refused"
    CANCEL = "cancel"
    MARK_DONE = "mark_done"
    DUPLICATE = "duplicate"
    ALLOW_MORE_TRIES = "allow_more_tries"
    CONFIRM_TRANSFER = "confirm_transfer"
    RECORD_ACCEPTANCE = "record_acceptance"
    RECORD_WITHDRAWAL = "record_withdrawal"
    RECORD_OTHERWISE = "record_otherwise"
    MARK_DELIVERED = "mark_delivered"
    SAY_NATURE = "say_nature"
    # The customer
    VISIT = "visit"
    READ = "read"
    SEE_CONTRACT = "see_contract"
    REQUEST_LINK = "request_link"
    ASK = "ask"
    REFUSE = "refuse"
    CHOOSE = "choose"
    REQUEST_CODE = "request_code"
    ACCEPT = "accept"
    DECLARE = "declare"
    CONFIRM = "confirm"
    DISOWN = "disown"
    PAY = "pay"
    ANNOUNCE_TRANSFER = "announce_transfer"
    # Nobody: what comes with time
    MAIL_VERSION = "mail_version"
    TELL_DEPOSIT_OPEN = "tell_deposit_open"
    REMIND_DEPOSIT = "remind_deposit"
    TAKE_SILENCE = "take_silence"


class Reason(enum.Enum):
    """Why not, in a sentence that begins after a colon; `state` is how the quote's state is called."""

    STAGE = "ce devis est « {state} »."
    PURGED = "le délai de conservation est passé, des traces de ce devis sont effacées : dupliquez-le."
    NO_LINK = "ce lien d'accès n'est plus valable."
    NEVER_SENT = "le client n'a encore rien reçu."
    HAS_VERSION = "un devis qui a une version garde son client. Pour un autre client, dupliquez le devis."
    NOT_EDITED = "aucune version n'est en préparation, commencez par « Nouvelle version »."
    REVISING = "une nouvelle version est déjà en préparation."
    BLOCKED = "l'accès du client est bloqué, débloquez-le d'abord."
    NOT_BLOCKED = "l'accès du client n'est pas bloqué."
    ADDRESS_CHANGED = "adresse changée : envoyez une nouvelle version."
    PAST_VALIDITY = "la validité de ce devis est passée."
    WITHDRAWAL_OVER = "le délai de rétractation est passé, ou ce contrat n'en donne pas."
    DECLARED = "une rétractation est déclarée, rien n'est demandé ni encaissé."
    NOT_DECLARED = "aucune rétractation n'est déclarée."
    NO_DELIVERY = "ce contrat ne donne pas de droit de rétractation qui court depuis une livraison."
    NATURE_KNOWN = "la nature de ce contrat est connue, ou il ne donne pas de droit de rétractation."
    ANSWER_OVER = "les 72 heures pour répondre sont passées."
    NOT_SILENT = "le client peut encore répondre, ou rien ne relie la déclaration à lui."
    NO_DEPOSIT = "ce devis n'attend pas d'acompte."
    DEPOSIT_TOO_EARLY = "la loi ne permet aucun paiement avant quelques jours."
    DEPOSIT_PENDING = "un paiement est déjà en cours."
    DEPOSIT_PAID = "l'acompte est déjà reçu."
    ANSWERED = "cette question a déjà sa réponse."
    NOT_PAUSED = "la signature de ce devis n'est pas en pause."
    PROTECTS_LESS = (
        "cette version ne porte pas les droits d'un contrat signé là, envoyez une nouvelle version."
    )
    OPTIONS_FIXED = "les options de ce devis sont figées."
    CHOOSING = "un choix du client se prépare déjà."
    CODE_ALIVE = "le client a reçu un code de signature, attendez dix minutes que ce code ne serve plus."


EVERY = frozenset(Stage)
OUT = frozenset({Stage.SENT, Stage.REMINDED})
CONTRACT = frozenset({Stage.ACCEPTED, Stage.WITHDRAWN, Stage.DONE})
BINDING = CONTRACT - {Stage.WITHDRAWN}
REVISABLE = OUT | {Stage.REFUSED}
PREPARED = REVISABLE | {Stage.DRAFT}

STAGES: dict[Verb, frozenset[Stage]] = {
    Verb.SEND: PREPARED,
    Verb.REVISE: REVISABLE,
    Verb.EDIT: PREPARED,
    Verb.CHANGE_CUSTOMER: PREPARED,
    Verb.RESEND_LINK: OUT | CONTRACT,
    Verb.REMIND: OUT,
    Verb.BLOCK: EVERY - CONTRACT,
    Verb.UNBLOCK: EVERY - CONTRACT,
    Verb.ANSWER: EVERY,
    Verb.REPEAT_MAIL: EVERY,
    Verb.MARK_REFUSED: OUT,
    Verb.CANCEL: OUT | {Stage.DRAFT},
    Verb.MARK_DONE: frozenset({Stage.ACCEPTED, Stage.REFUSED}),
    Verb.DUPLICATE: EVERY,
    Verb.ALLOW_MORE_TRIES: OUT,
    Verb.CONFIRM_TRANSFER: EVERY,
    Verb.RECORD_ACCEPTANCE: OUT,
    Verb.RECORD_WITHDRAWAL: BINDING,
    Verb.RECORD_OTHERWISE: BINDING,
    Verb.MARK_DELIVERED: BINDING,
    Verb.SAY_NATURE: BINDING,
    Verb.VISIT: EVERY,
    Verb.READ: OUT | CONTRACT,
    Verb.SEE_CONTRACT: CONTRACT,
    Verb.REQUEST_LINK: EVERY,
    Verb.ASK: EVERY - {Stage.REFUSED, Stage.CANCELLED, Stage.FILED},
    Verb.REFUSE: OUT,
    Verb.CHOOSE: OUT,
    Verb.REQUEST_CODE: OUT,
    Verb.ACCEPT: OUT,
    Verb.DECLARE: BINDING,
    Verb.CONFIRM: BINDING,
    Verb.DISOWN: BINDING,
    Verb.PAY: BINDING,
    Verb.ANNOUNCE_TRANSFER: BINDING,
    Verb.MAIL_VERSION: frozenset({Stage.SENDING}),
    Verb.TELL_DEPOSIT_OPEN: BINDING,
    Verb.REMIND_DEPOSIT: frozenset({Stage.ACCEPTED}),
    Verb.TAKE_SILENCE: BINDING,
}

# Of the verbs that lead to a contract.
BINDS = frozenset({Reason.PURGED})
WRITING = frozenset({Reason.NEVER_SENT, Reason.BLOCKED, Reason.ADDRESS_CHANGED})
READING = WRITING | BINDS | {Reason.NO_LINK, Reason.PAST_VALIDITY}
PAYING = frozenset(
    {
        Reason.DECLARED,
        Reason.NO_DEPOSIT,
        Reason.DEPOSIT_TOO_EARLY,
        Reason.DEPOSIT_PENDING,
        Reason.DEPOSIT_PAID,
    }
)

OBSTACLES: dict[Verb, frozenset[Reason]] = {
    Verb.SEND: BINDS | {Reason.NOT_EDITED, Reason.BLOCKED},
    Verb.REVISE: BINDS | {Reason.REVISING},
    Verb.EDIT: BINDS | {Reason.NOT_EDITED},
    Verb.CHANGE_CUSTOMER: BINDS | {Reason.HAS_VERSION, Reason.NOT_EDITED},
    Verb.RESEND_LINK: WRITING,
    Verb.REMIND: WRITING | BINDS | {Reason.PAST_VALIDITY},
    Verb.BLOCK: frozenset({Reason.NEVER_SENT, Reason.BLOCKED}),
    Verb.UNBLOCK: frozenset({Reason.NOT_BLOCKED}),
    Verb.ANSWER: WRITING,
    Verb.REPEAT_MAIL: frozenset({Reason.BLOCKED}),
    Verb.MARK_REFUSED: frozenset(),
    Verb.CANCEL: frozenset(),
    Verb.MARK_DONE: frozenset(),
    Verb.DUPLICATE: frozenset(),
    Verb.ALLOW_MORE_TRIES: frozenset({Reason.NOT_PAUSED}),
    Verb.CONFIRM_TRANSFER: frozenset({Reason.NO_DEPOSIT}),
    Verb.RECORD_ACCEPTANCE: BINDS | {Reason.NEVER_SENT, Reason.BLOCKED},
    Verb.RECORD_WITHDRAWAL: frozenset({Reason.NOT_DECLARED}),
    Verb.RECORD_OTHERWISE: frozenset({Reason.DECLARED}),  # whether in time depends on the day of sending
    Verb.MARK_DELIVERED: frozenset({Reason.NO_DELIVERY}),
    Verb.SAY_NATURE: frozenset({Reason.NATURE_KNOWN}),
    Verb.VISIT: frozenset({Reason.NO_LINK, Reason.NEVER_SENT, Reason.BLOCKED}),
    Verb.READ: READING,
    Verb.SEE_CONTRACT: frozenset({Reason.NO_LINK, Reason.NEVER_SENT}),
    Verb.REQUEST_LINK: WRITING,
    Verb.ASK: frozenset({Reason.NO_LINK, Reason.NEVER_SENT, Reason.BLOCKED}),
    Verb.REFUSE: READING,
    Verb.CHOOSE: READING | {Reason.OPTIONS_FIXED, Reason.CHOOSING},
    Verb.REQUEST_CODE: READING,
    Verb.ACCEPT: READING,
    Verb.DECLARE: frozenset({Reason.WITHDRAWAL_OVER}),  # with a link or without one
    Verb.CONFIRM: frozenset({Reason.NOT_DECLARED}),
    Verb.DISOWN: frozenset({Reason.NOT_DECLARED, Reason.ANSWER_OVER}),
    Verb.PAY: PAYING | {Reason.NO_LINK},
    Verb.ANNOUNCE_TRANSFER: PAYING | {Reason.NO_LINK},
    Verb.MAIL_VERSION: frozenset({Reason.BLOCKED, Reason.ADDRESS_CHANGED}),
    Verb.TELL_DEPOSIT_OPEN: PAYING,
    Verb.REMIND_DEPOSIT: PAYING,
    Verb.TAKE_SILENCE: frozenset({Reason.NOT_SILENT}),
}

# Where a verb leads to, and where what nobody decides about does: rendering, and a version whose file is lost.
LEADS_TO: dict[Verb, Stage] = {
    Verb.SEND: Stage.SENDING,
    Verb.REMIND: Stage.REMINDED,
    Verb.ACCEPT: Stage.ACCEPTED,
    Verb.RECORD_ACCEPTANCE: Stage.ACCEPTED,
    Verb.REFUSE: Stage.REFUSED,
    Verb.MARK_REFUSED: Stage.REFUSED,
    Verb.CANCEL: Stage.CANCELLED,
    Verb.CONFIRM: Stage.WITHDRAWN,
    Verb.RECORD_WITHDRAWAL: Stage.WITHDRAWN,
    Verb.RECORD_OTHERWISE: Stage.WITHDRAWN,
    Verb.TAKE_SILENCE: Stage.WITHDRAWN,
    Verb.MARK_DONE: Stage.DONE,
}
BY_ITSELF = {
    Stage.SENDING: frozenset({Stage.SENT, Stage.DRAFT}),
    Stage.SENT: frozenset({Stage.DRAFT}),
    Stage.REMINDED: frozenset({Stage.DRAFT}),
}

SHOWN: dict[Stage, Situation] = {
    Stage.DRAFT: Situation.UPDATING,
    Stage.SENDING: Situation.UPDATING,
    Stage.SENT: Situation.OPEN,
    Stage.REMINDED: Situation.OPEN,
    Stage.ACCEPTED: Situation.CONCLUDED,
    Stage.REFUSED: Situation.SETTLED,
    Stage.CANCELLED: Situation.SETTLED,
    Stage.WITHDRAWN: Situation.CONCLUDED,
    Stage.DONE: Situation.CONCLUDED,
    Stage.FILED: Situation.SETTLED,
}

# Each condition, once. A contract stands whatever is blocked, past its date or moved to another address.
HOLDS: dict[Reason, Callable[[Circumstances], bool]] = {
    Reason.PURGED: lambda c: c.purged,
    Reason.NO_LINK: lambda c: c.link is not LinkStatus.VALID,
    Reason.NEVER_SENT: lambda c: c.version is not VersionStatus.IN_FORCE,
    Reason.HAS_VERSION: lambda c: c.version is not VersionStatus.NONE,
    Reason.NOT_EDITED: lambda c: c.stage is not Stage.DRAFT and not c.revising,
    Reason.REVISING: lambda c: c.revising,
    Reason.BLOCKED: lambda c: c.blocked and c.stage not in CONTRACT,
    Reason.NOT_BLOCKED: lambda c: not c.blocked,
    Reason.ADDRESS_CHANGED: lambda c: c.address_changed and c.stage not in CONTRACT,
    Reason.PAST_VALIDITY: lambda c: c.past_validity and c.stage not in CONTRACT,
    Reason.WITHDRAWAL_OVER: lambda c: not c.withdrawal_open,
    Reason.DECLARED: lambda c: c.declaration is not DeclarationStatus.NONE,
    Reason.NOT_DECLARED: lambda c: c.declaration is DeclarationStatus.NONE,
    Reason.ANSWER_OVER: lambda c: c.declaration in (DeclarationStatus.SILENT, DeclarationStatus.UNMATCHED),
    Reason.NO_DELIVERY: lambda c: not c.awaits_delivery,
    Reason.NATURE_KNOWN: lambda c: not c.nature_unknown,
    Reason.NOT_SILENT: lambda c: c.declaration is not DeclarationStatus.SILENT,
    Reason.NO_DEPOSIT: lambda c: c.deposit is DepositStatus.NONE,
    Reason.DEPOSIT_TOO_EARLY: lambda c: c.deposit is DepositStatus.TOO_EARLY,
    Reason.DEPOSIT_PENDING: lambda c: c.deposit is DepositStatus.PENDING,
    Reason.DEPOSIT_PAID: lambda c: c.deposit is DepositStatus.PAID,
    Reason.NOT_PAUSED: lambda c: not c.signing_paused,
    Reason.OPTIONS_FIXED: lambda c: c.options_fixed,
    Reason.CHOOSING: lambda c: c.choosing,
}


# Asking


def why_not(verb: Verb, circumstances: Circumstances) -> Reason | None:
    """None: it may be done."""
    if circumstances.stage not in STAGES[verb]:
        return Reason.STAGE
    return next(
        (reason for reason in HOLDS if reason in OBSTACLES[verb] and HOLDS[reason](circumstances)), None
    )


def may(verb: Verb, circumstances: Circumstances) -> bool:
    return why_not(verb, circumstances) is None


def situation(circumstances: Circumstances) -> Situation:
    """The first row of the access table that matches."""
    if circumstances.link is LinkStatus.NONE or HOLDS[Reason.NEVER_SENT](circumstances):
        return Situation.UNKNOWN
    if HOLDS[Reason.BLOCKED](circumstances):
        return Situation.BLOCKED
    if circumstances.link is LinkStatus.EXPIRED:
        return Situation.LINK_EXPIRED
    shown = SHOWN[circumstances.stage]
    if shown is not Situation.OPEN:
        return shown
    if HOLDS[Reason.ADDRESS_CHANGED](circumstances):
        return Situation.UPDATING
    return Situation.PAST_VALIDITY if HOLDS[Reason.PAST_VALIDITY](circumstances) else Situation.OPEN


# For queries and for the graph: states by the names under which they are stored


def states(verb: Verb) -> tuple[str, ...]:
    """Those in which the verb may be possible."""
    return tuple(_stored(stage) for stage in Stage if stage in STAGES[verb] and stage is not Stage.FILED)


def graph() -> dict[str, frozenset[str]]:
    """Which state may follow which."""
    leads: dict[str, set[str]] = {_stored(stage): set() for stage in Stage}
    for verb, target in LEADS_TO.items():
        for stage in STAGES[verb] - {target}:
            leads[_stored(stage)].add(target.value)
    for stage, targets in BY_ITSELF.items():
        leads[stage.value] |= {target.value for target in targets}
    return {state: frozenset(targets) for state, targets in leads.items()}


def _stored(stage: Stage) -> str:
    return Stage.DONE.value if stage is Stage.FILED else stage.value
