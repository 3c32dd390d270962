"""What the owner and the customer do with a quote, from the draft to the signature and the withdrawal."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from logisav.tests.lifecycle.course import BROWSERS, NO, YES, Course
from logisav.tests.lifecycle.model import MINUTE, REVISABLE, SIGNABLE, now, today, within
from quotes import list_columns, workflow
from quotes.journal import Actor
from quotes.models import AccessLink, Quote, QuoteLine, QuoteVersion
from quotes.tests.factories import withdraw_at_once
from quotes.workflow import Asking, Choosing
from signing import choosing
from signing import workflow as signing
from signing.choosing import SigningElsewhere
from signing.models import SigningRequest
from signing.tests.factories import make_form
from signing.workflow import Outcome

OWNER = Actor("staff", name="julien")
CUSTOMER = Actor("customer", ip="203.0.113.24", agent="Tests")
ANY = st.integers(0, 7)


class Owner(Course):
    """The desk's verbs, in season and out of it: what is out of season is refused."""

    @precondition(lambda self: self.model.is_editable)
    @rule(days=st.sampled_from([0, 1, 10, 30]), price=st.integers(1000, 9000))
    def edits(self, days: int, price: int) -> None:
        self.model.draft_until = today() + dt.timedelta(days=days)
        self.tally["edits"] += 1
        QuoteLine.objects.filter(quote=self.quote_id, position=1).update(unit_price=Decimal(price))
        Quote.objects.filter(pk=self.quote_id).update(valid_until=self.model.draft_until)
        list_columns.refresh(self.quote)

    @rule()
    def sends(self) -> None:
        def expected() -> set[Any]:
            sendable = self.model.is_editable and not self.model.is_blocked
            return yes_if(sendable and self.model.draft_until >= today())

        self.act("send", lambda: workflow.send(self.quote_id, actor=OWNER), expected)

    @rule(
        what=st.sampled_from(["revise", "block", "unblock", "remind", "resend", "allow", "answer", "email"])
    )
    def tends(self, what: str) -> None:
        verb, expected = self._tending()[what]
        self.act(what, verb, expected)

    def _tending(self) -> dict[str, tuple[Callable[[], object], Callable[[], set[Any]]]]:
        pk, model = self.quote_id, self.model
        return {
            "revise": (
                lambda: workflow.revise(pk, actor=OWNER),
                lambda: yes_if(model.state in REVISABLE and not model.revising),
            ),
            "block": (
                lambda: workflow.block(pk, reason="Litige", actor=OWNER),
                lambda: yes_if(not model.blocked and not model.is_concluded and model.version > 0),
            ),
            "unblock": (lambda: workflow.unblock(pk, actor=OWNER), lambda: yes_if(model.is_blocked)),
            "remind": (lambda: workflow.remind(pk, actor=OWNER), lambda: yes_if(model.is_open)),
            "resend": (
                lambda: workflow.resend_link(pk, actor=OWNER),
                lambda: yes_if(model.may_be_written_to and (model.is_concluded or model.state in SIGNABLE)),
            ),
            "allow": (
                lambda: signing.allow_more_tries(pk, actor=OWNER),
                lambda: yes_if(model.state in SIGNABLE and model.is_paused),
            ),
            "answer": (
                self._answer(),
                lambda: yes_if(model.may_be_written_to and set(model.questions) > model.answered),
            ),
            "email": (self._new_email(), lambda: {YES}),
        }

    def _answer(self) -> Callable[[], object]:
        """The last question, whether or not it has its answer."""
        if not self.model.questions:
            return lambda: NO
        question = max(set(self.model.questions) - self.model.answered, default=self.model.questions[-1])
        return lambda: workflow.answer(question, text="Oui.", author=self.owner, actor=OWNER)

    def _new_email(self) -> Callable[[], object]:
        address = f"claire{self.model.kinds['email_changed']}@exemple.fr"
        return lambda: workflow.change_email(self.customer_id, email=address, actor=OWNER)

    @rule(what=st.sampled_from(["cancel", "mark_refused", "mark_done"]))
    def decides(self, what: str) -> None:
        pk = self.quote_id
        verbs: dict[str, tuple[Callable[[], object], set[str]]] = {
            "cancel": (lambda: workflow.cancel(pk, actor=OWNER), {"draft", *SIGNABLE}),
            "mark_refused": (lambda: workflow.mark_refused(pk, reason="", actor=OWNER), SIGNABLE),
            "mark_done": (lambda: workflow.mark_done(pk, actor=OWNER), {"accepted", "refused"}),
        }
        verb, allowed = verbs[what]
        self.act(what, verb, lambda: yes_if(self.model.state in allowed))


class Customer(Course):
    """Two browsers, links of any age, codes of any age."""

    def __init__(self) -> None:
        super().__init__()
        self.grants: dict[str, int] = {}
        self.read_hash = ""

    # Reading

    @precondition(lambda self: self.world.post.links)
    @rule(which=ANY, who=st.sampled_from(["hers", "hers", "another"]))
    def opens_a_link(self, which: int, who: str) -> None:
        path = of(self.world.post.links[::-1], which)
        digest = hashlib.sha256(path[3:-1].encode()).hexdigest()
        link = AccessLink.objects.values_list("pk", flat=True).get(token_sha256=digest)

        def expected() -> set[Any]:
            if link in self.model.revoked:
                return {404}
            if self.model.is_blocked:
                return {403}
            return {302 if self.model.link_opens(link) else 410}

        self.act("open", lambda: BROWSERS[who].get(path).status_code, expected)
        if expected() == {302}:
            self.grants[who] = link

    @precondition(lambda self: self.grants)
    @rule(who=st.sampled_from(["hers", "hers", "another"]))
    def reads(self, who: str) -> None:
        def page() -> int:
            response: Any = BROWSERS[who].get(self.quote.get_absolute_url())
            assert response.templates[0].name == f"quotes/{self._page_of(who)}.html"
            return int(response.status_code)

        self.act("read", page)
        if self._page_of(who) == "show":
            self.read_hash = self.model.version_hash

    def _page_of(self, who: str) -> str:
        """The first row of product.md's table that matches."""
        model = self.model
        if who not in self.grants or not model.link_opens(self.grants[who]):
            return "no_access"
        if model.is_blocked:
            return "blocked"
        if model.is_concluded:
            return "accepted"
        if model.state in ("refused", "cancelled", "done"):
            return "settled"
        if model.state not in SIGNABLE or model.has_moved:
            return "updating"
        return "quote_expired" if model.has_lapsed else "show"

    # Saying

    @precondition(lambda self: self.model.version)
    @rule(what=st.sampled_from(["ask", "request_link", "refuse", "withdraw", "withdraw"]))
    def says(self, what: str) -> None:
        pk, model = self.quote_id, self.model
        verbs: dict[str, tuple[Callable[[], object], Callable[[], set[Any]]]] = {
            "ask": (
                lambda: workflow.ask(pk, text="Et le thermostat ?", phone="", actor=CUSTOMER),
                self._asking,
            ),
            "request_link": (lambda: workflow.request_link(pk, actor=CUSTOMER), lambda: {YES}),
            "refuse": (
                lambda: workflow.refuse(pk, reason="Trop cher", actor=CUSTOMER),
                lambda: yes_if(model.is_open),
            ),
            "withdraw": (
                lambda: YES if withdraw_at_once(pk) else NO,
                self._withdrawal,
            ),
        }
        self.act(what, *verbs[what])

    def _asking(self) -> set[Any]:
        if not self.model.may_be_asked:
            return {NO}
        return {Asking.TOO_MANY if len(within(self.model.asked_at, 60 * MINUTE)) >= 5 else Asking.DONE}

    def _withdrawal(self) -> set[Any]:
        """Declared, and recorded at once; what is withdrawn from already is so once only."""
        if self.model.state == "withdrawn":
            return {NO}
        return {YES, NO} if self.model.may_withdraw is None else yes_if(self.model.may_withdraw)

    # Choosing

    @precondition(lambda self: self.model.links and self.read_hash)
    @rule(which=ANY, who=st.sampled_from(["hers", "hers", "another"]), same=st.sampled_from([0, 0, 0, 1]))
    def chooses(self, which: int, who: str, same: int) -> None:
        """Its one option, or not; or once more what is chosen already."""
        link = AccessLink.objects.get(pk=of(list(self.model.links)[::-1], which))
        read, version = self.read_hash, self.quote.current_version()
        content = version.reading if version else None
        kept = frozenset(line.identity for line in content.chosen) if content else frozenset[str]()
        options = frozenset(line.identity for line in content.lines if line.option) if content else kept
        wished = kept if same else options - kept

        def choose() -> object:
            answer = choosing.choose_options(
                self.quote_id, link=link, chosen=wished, version_hash=read, browser=who, actor=CUSTOMER
            )
            return NO if isinstance(answer, SigningElsewhere) else answer

        self.model.browser = who
        self.act("choose", choose, lambda: {self._answer_to_choice(link.pk, who, read, same=bool(same))})

    def _answer_to_choice(self, link: int, who: str, read: str, *, same: bool) -> Any:
        model = self.model
        elsewhere = any(
            model.code_lives(one) and code.tries < 5 and code.browser != who
            for one, code in model.codes.items()
        )
        if not model.is_open or model.choosing or elsewhere or not model.link_opens(link):
            return NO
        if read != model.version_hash:
            return Choosing.CHANGED
        if same:
            return Choosing.SAME
        return Choosing.TOO_OFTEN if model.chose_too_often(link) else Choosing.CHOSEN

    # Signing

    @precondition(lambda self: self.model.links and self.read_hash)
    @rule(
        which=ANY,
        who=st.sampled_from(["hers", "hers", "hers", "another"]),
        lies=st.sampled_from([0, 0, 0, 1]),
    )
    def asks_for_a_code(self, which: int, who: str, lies: int) -> None:
        link = AccessLink.objects.get(pk=of(list(self.model.links)[::-1], which))
        read, version = (
            self.read_hash,
            QuoteVersion.objects.filter(quote=self.quote_id, done_at__isnull=False),
        )
        content = version.latest("number").reading
        other = "individual" if content.customer.is_business else "business"
        form = make_form(
            place=content.contract,
            kind=other if lies else content.customer.kind,
            consents=frozenset(consent.id for consent in content.consents),
        )
        self.model.browser = who
        self.act(
            "ask for a code",
            lambda: signing.request_code(
                self.quote_id, link=link, form=form, version_hash=read, browser=who, actor=CUSTOMER
            ),
            lambda: {self._answer_to_form(link.pk, read, lies=bool(lies))},
        )

    def _answer_to_form(self, link: int, read: str, *, lies: bool) -> Outcome:
        model = self.model
        if not (model.is_open and model.link_opens(link)):
            return Outcome.NOT_OPEN
        if read != model.version_hash:
            return Outcome.CHANGED
        if lies:
            return Outcome.CONTRADICTION
        if model.is_paused:
            return Outcome.PAUSED
        if model.is_used_up(link):
            return Outcome.LINK_USED_UP
        last = max((code.at for code in model.codes.values()), default=None)
        soon = last is not None and now() < last + MINUTE
        return Outcome.TOO_SOON if soon else Outcome.CODE_SENT

    @precondition(lambda self: self.model.codes)
    @rule(which=ANY, who=st.sampled_from(["hers", "hers", "hers", "another"]))
    def asks_for_another_code(self, which: int, who: str) -> None:
        challenge, code = of(list(self.model.codes.items())[::-1], which)
        link = AccessLink.objects.get(pk=max(self.model.links))
        self.model.browser = who

        def expected() -> set[Any]:
            if who != code.browser:
                return {Outcome.OTHER_BROWSER}
            return {self._answer_to_form(link.pk, code.version_hash, lies=False)}

        self.act(
            "ask for another code",
            lambda: signing.resend_code(challenge, link=link, browser=who, actor=CUSTOMER),
            expected,
        )

    @precondition(lambda self: self.model.codes)
    @rule(which=st.sampled_from([0, 0, 0, 0, 1, 2]), right=st.sampled_from([True, True, False]))
    def types_a_code(self, which: int, right: bool) -> None:
        self.types(of(list(self.model.codes)[::-1], which), right=right)

    @precondition(lambda self: self.model.codes)
    @rule(times=st.integers(2, 6))
    def guesses(self, times: int) -> None:
        for _ in range(times):
            self.types(list(self.model.codes)[-1], right=False)

    @precondition(lambda self: self.model.codes)
    @rule()
    def another_browser_types_it(self) -> None:
        self.types(list(self.model.codes)[-1], right=True, who="somebody")

    def types(self, challenge: int, *, right: bool, who: str = "") -> None:
        """The code of this form, from the mail that went out; a wrong one while it has not arrived."""
        request = SigningRequest.objects.select_related("link", "mail").get(pk=challenge)
        mailed = self.world.post.codes.get(request.mail.message_id if request.mail else "")
        right = right and mailed is not None
        code = (mailed or "000000") if right else wrong(mailed)
        browser = who or self.model.codes[challenge].browser
        self.model.signing = challenge if right and not who else 0
        self.act(
            "type the right code" if right else "type a wrong code",
            lambda: signing.sign(challenge, code=code, link=request.link, browser=browser, actor=CUSTOMER),
            lambda: {Outcome.OTHER_BROWSER if who else self._answer_to_code(challenge, right=right)},
        )
        self.model.signing = 0

    def _answer_to_code(self, challenge: int, *, right: bool) -> Outcome:
        model, code = self.model, self.model.codes[challenge]
        if model.signed_with == challenge:
            return Outcome.SIGNED
        if code.tries >= 5:
            return Outcome.TOO_MANY_TRIES
        if not model.code_lives(challenge):
            return Outcome.DEAD_CODE
        if model.tries >= 60 or model.recent_tries >= 30 or model.tries_of_link(code.link) >= 15:
            return Outcome.TOO_MANY_TRIES
        if not right:
            return Outcome.WRONG_CODE
        if not (model.is_open and model.link_opens(code.link)):
            return Outcome.NOT_OPEN
        return Outcome.SIGNED if code.version_hash == model.version_hash else Outcome.CHANGED


def yes_if(allowed: bool) -> set[Any]:
    return {YES if allowed else NO}


def of(things: list[Any], which: int) -> Any:
    return things[which % len(things)]


def wrong(code: str | None) -> str:
    """Not the one in the mail; without it none that anybody was told."""
    return f"{(int(code) + 1) % 1_000_000:06}" if code else "no code"
