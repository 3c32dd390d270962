"""The stand-in answers the real `stripe` package as Stripe does: sessions, keys, errors, lists, expansion."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from demo.stripe_standin import forms
from demo.stripe_standin.errors import ApiError
from demo.stripe_standin.faults import FaultKind, PlannedFault
from demo.stripe_standin.server import running
from demo.stripe_standin.standin import StandIn
from demo.tests import stripe_side
from demo.tests.running import once
from demo.tests.stripe_side import GOOD, SHOP, client, headers_of, keyed, opened, paid, wanted

pytestmark = once


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with running() as standin:
        yield standin


@pytest.fixture
def api(standin: StandIn) -> stripe.StripeClient:
    return client(standin)


# Sessions


def test_a_session_is_open_and_says_what_was_asked(api: stripe.StripeClient, standin: StandIn) -> None:
    session = api.v1.checkout.sessions.create(params=wanted())
    assert session.id.startswith("cs_test_")
    assert (session.object, session.status, session.payment_status) == ("checkout.session", "open", "unpaid")
    assert (session.amount_total, session.currency, session.livemode) == (123450, "eur", False)
    assert (session.client_reference_id, session.to_dict()["metadata"]) == ("D-2026-0001", {"payment": "7"})
    assert (session.payment_intent, session.customer_details) == (None, None)
    assert session.url == f"{standin.base_url}/c/pay/{session.id}"
    assert session.success_url == f"{SHOP}/retour/?session_id={{CHECKOUT_SESSION_ID}}"
    assert api.v1.checkout.sessions.retrieve(session.id).to_dict() == session.to_dict()


def test_nothing_but_documented_fields_is_shown(api: stripe.StripeClient, standin: StandIn) -> None:
    session, intent = paid(standin)
    known = stripe.checkout.Session.__annotations__
    assert set(api.v1.checkout.sessions.retrieve(session).to_dict()) <= set(known)
    assert set(api.v1.payment_intents.retrieve(intent).to_dict()) <= set(stripe.PaymentIntent.__annotations__)
    charge = api.v1.charges.list(params={"payment_intent": intent}).data[0]
    assert set(charge.to_dict()) <= set(stripe.Charge.__annotations__)
    refund = api.v1.refunds.create(params={"payment_intent": intent, "amount": 100})
    assert set(refund.to_dict()) <= set(stripe.Refund.__annotations__)
    dispute = standin.afterwards.dispute(intent)
    assert set(api.v1.disputes.retrieve(dispute["id"]).to_dict()) <= set(stripe.Dispute.__annotations__)
    event = api.v1.events.list().data[0]
    assert set(event.to_dict()) <= set(stripe.Event.__annotations__)


def test_a_paid_session_leads_to_its_money(api: stripe.StripeClient, standin: StandIn) -> None:
    session, intent = paid(standin)
    expand = ["payment_intent.latest_charge.refunds", "line_items"]
    found: Any = api.v1.checkout.sessions.retrieve(session, params={"expand": expand})
    charge = found.payment_intent.latest_charge
    assert (found.status, found.payment_status, found.url) == ("complete", "paid", None)
    assert (found.payment_intent.id, found.payment_intent.amount_received) == (intent, 123450)
    assert found.payment_intent.metadata["payment"] == charge.metadata["payment"] == "7"
    assert (charge.paid, charge.billing_details.name) == (True, "Camille Martin")
    assert (charge.payment_method_details.card.brand, charge.payment_method_details.card.last4) == (
        "visa",
        "4242",
    )
    assert found.customer_details.email == "camille.martin@example.com"
    assert charge.refunds.data == []
    assert found.line_items.data[0].description == "Acompte du devis D-2026-0001 – « été »"


def test_expiring_closes_it_once(api: stripe.StripeClient, standin: StandIn) -> None:
    session = opened(standin)
    expired = api.v1.checkout.sessions.expire(session)
    assert (expired.status, expired.url) == ("expired", None)
    with pytest.raises(
        stripe.InvalidRequestError, match=r'status in \["open"\].*status of `expired`'
    ) as refused:
        api.v1.checkout.sessions.expire(session)
    assert refused.value.http_status == 400


def test_a_complete_session_cannot_be_expired(api: stripe.StripeClient, standin: StandIn) -> None:
    session, _ = paid(standin)
    with pytest.raises(stripe.InvalidRequestError, match="status of `complete`"):
        api.v1.checkout.sessions.expire(session)


def test_time_expires_it_too(api: stripe.StripeClient, standin: StandIn) -> None:
    session = opened(standin, lasts=3600)
    standin.store.clock.ahead = 3590
    assert api.v1.checkout.sessions.retrieve(session).status == "open"
    standin.store.clock.ahead = 3601
    assert api.v1.checkout.sessions.retrieve(session).status == "expired"
    assert stripe_side.types(standin) == ["checkout.session.expired"]


# What is refused


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"success_url": None}, "success_url", "parameter_missing"),
        ({"success_url": "retour"}, "success_url", "url_invalid"),
        ({"line_items": None}, "line_items", "parameter_missing"),
        ({"customer_email": "camille"}, "customer_email", "email_invalid"),
        ({"lasts": 1790}, "expires_at", None),
        ({"lasts": 24 * 3600 + 10}, "expires_at", None),
        ({"amount": 49}, None, "amount_too_small"),
        ({"client_reference_id": "x" * 201}, "client_reference_id", "parameter_invalid_string_too_long"),
        ({"metadata": {"x" * 41: "1"}}, "metadata", None),
        ({"acompte": "oui"}, "acompte", "parameter_unknown"),
        ({"payment_intent_data": {"acompte": "oui"}}, "payment_intent_data[acompte]", "parameter_unknown"),
        ({"mode": "gift"}, "mode", None),
        ({"expand": ["payment_intents"]}, "expand", None),
    ],
)
def test_wrong_parameters_are_refused_by_name(
    standin: StandIn, changes: dict[str, Any], param: str | None, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        opened(standin, **changes)
    assert (refused.value.http_status, refused.value.param, refused.value.code) == (400, param, code)
    assert standin.store.all_now("checkout.session") == []


def test_half_a_euro_is_enough(standin: StandIn) -> None:
    assert opened(standin, amount=50)


def test_what_is_not_there_is_told_as_missing(api: stripe.StripeClient) -> None:
    for retrieve in (
        api.v1.checkout.sessions.retrieve,
        api.v1.checkout.sessions.expire,
        api.v1.payment_intents.retrieve,
        api.v1.charges.retrieve,
        api.v1.refunds.retrieve,
        api.v1.disputes.retrieve,
        api.v1.events.retrieve,
    ):
        with pytest.raises(stripe.InvalidRequestError, match="No such") as missing:
            retrieve("xx_1")
        assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")


def test_an_id_of_something_else_is_missing(api: stripe.StripeClient, standin: StandIn) -> None:
    session, _ = paid(standin)
    with pytest.raises(stripe.InvalidRequestError, match="No such charge"):
        api.v1.charges.retrieve(session)


def test_another_key_is_refused(standin: StandIn) -> None:
    with pytest.raises(stripe.AuthenticationError) as refused:
        client(standin, key="sk_test_of_somebody_else").v1.events.list()
    assert refused.value.http_status == 401
    assert "somebody" not in str(refused.value)


def test_a_live_key_is_not_even_taken() -> None:
    with pytest.raises(ValueError, match="live"), running(key="sk_live_x"):
        pass


def test_every_answer_bears_its_request(api: stripe.StripeClient, standin: StandIn) -> None:
    session = api.v1.checkout.sessions.retrieve(opened(standin))
    assert headers_of(session)["Request-Id"].startswith("req_")
    assert headers_of(session)["Stripe-Version"] == "2026-10-28.endive"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.v1.refunds.retrieve("re_1")
    assert str(refused.value.request_id).startswith("req_")


def test_unknown_addresses_are_told(standin: StandIn) -> None:
    answer = stripe_side.ask(
        f"{standin.base_url}/v1/gifts", headers={"Authorization": f"Bearer {standin.key}"}
    )
    assert answer.status == 404
    assert "Unrecognized request URL (GET: /v1/gifts)" in answer.text


# Idempotency keys


def test_the_same_key_gets_the_same_answer(api: stripe.StripeClient, standin: StandIn) -> None:
    params, key = wanted(), keyed("payment-7")
    first = api.v1.checkout.sessions.create(params=params, options=key)
    standin.pay_with(first.id)
    again = api.v1.checkout.sessions.create(params=params, options=key)
    assert again.to_dict() == first.to_dict()
    assert (again.status, headers_of(again)["Idempotent-Replayed"]) == ("open", "true")
    assert headers_of(again)["Original-Request"] == headers_of(first)["Request-Id"]
    assert len(standin.store.all_now("checkout.session")) == 1


def test_the_same_key_with_other_parameters_is_refused(api: stripe.StripeClient) -> None:
    key = keyed("payment-7")
    api.v1.checkout.sessions.create(params=wanted(amount=1000), options=key)
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        api.v1.checkout.sessions.create(params=wanted(amount=1001), options=key)
    assert refused.value.http_status == 400


def test_the_same_key_for_something_else_is_refused(api: stripe.StripeClient, standin: StandIn) -> None:
    session, intent = paid(standin)
    api.v1.refunds.create(params={"payment_intent": intent, "amount": 1}, options=keyed("k"))
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        api.v1.checkout.sessions.expire(session, options=keyed("k"))


def test_a_refused_parameter_leaves_the_key_free(api: stripe.StripeClient) -> None:
    key = keyed("payment-7")
    with pytest.raises(stripe.InvalidRequestError):
        api.v1.checkout.sessions.create(params=wanted(amount=1), options=key)
    assert api.v1.checkout.sessions.create(params=wanted(amount=1000), options=key).status == "open"


def test_a_failure_is_kept_with_its_key(api: stripe.StripeClient, standin: StandIn) -> None:
    _, intent = paid(standin, amount=1000)
    params: Any = {"payment_intent": intent, "amount": 1001}
    for replayed in (None, "true"):
        with pytest.raises(stripe.InvalidRequestError, match="greater than charge amount") as refused:
            api.v1.refunds.create(params=params, options=keyed("refund-1"))
        assert (refused.value.headers or {}).get("Idempotent-Replayed") == replayed


def test_twenty_at_once_with_one_key_are_one(standin: StandIn) -> None:
    params = wanted()

    def create(_: int) -> str:
        created = client(standin, retries=5).v1.checkout.sessions.create(
            params=params, options=keyed("payment-7")
        )
        return created.id

    with ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(create, range(20)))) == 1
    assert len(standin.store.all_now("checkout.session")) == 1


def test_a_key_in_use_is_told(standin: StandIn) -> None:
    params, key = wanted(), keyed("payment-7")
    standin.faults.plan(PlannedFault(FaultKind.SLOW, seconds=1))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client(standin).v1.checkout.sessions.create, params=params, options=key)
        stripe_side.until(lambda: standin.api.busy)
        with pytest.raises(stripe.APIError) as refused:
            client(standin).v1.checkout.sessions.create(params=params, options=key)
        assert refused.value.http_status == 409
        assert "idempotency_key_in_use" in str(refused.value.http_body)
        assert slow.result().status == "open"


# When it breaks


def test_a_lost_answer_is_found_again_by_its_key(standin: StandIn) -> None:
    standin.faults.plan(PlannedFault(FaultKind.LOST, method="POST"))
    session = client(standin, retries=1).v1.checkout.sessions.create(params=wanted())
    assert headers_of(session)["Idempotent-Replayed"] == "true"
    assert len(standin.store.all_now("checkout.session")) == 1


@pytest.mark.parametrize(
    ("kind", "error"),
    [(FaultKind.UNREACHABLE, stripe.APIConnectionError), (FaultKind.ERROR, stripe.APIError)],
)
def test_nothing_is_done_when_it_breaks_before(
    standin: StandIn, kind: FaultKind, error: type[stripe.StripeError]
) -> None:
    standin.faults.plan(PlannedFault(kind))
    with pytest.raises(error):
        opened(standin)
    assert standin.store.all_now("checkout.session") == []
    assert opened(standin)


def test_it_is_gone_when_the_block_is_over() -> None:
    with running() as standin:
        api = client(standin)
        api.v1.events.list()
    with pytest.raises(stripe.APIConnectionError):
        api.v1.events.list()


# Lists


def test_lists_are_newest_first_and_in_pages(api: stripe.StripeClient, standin: StandIn) -> None:
    made = [opened(standin) for _ in range(7)][::-1]
    first = api.v1.checkout.sessions.list(params={"limit": 3})
    assert ([one.id for one in first.data], first.has_more) == (made[:3], True)
    after = api.v1.checkout.sessions.list(params={"limit": 3, "starting_after": made[2]})
    assert ([one.id for one in after.data], after.has_more) == (made[3:6], True)
    before = api.v1.checkout.sessions.list(params={"limit": 3, "ending_before": made[5]})
    assert ([one.id for one in before.data], before.has_more) == (made[2:5], True)
    assert [one.id for one in first.auto_paging_iter()] == made


def test_lists_can_be_narrowed(api: stripe.StripeClient, standin: StandIn) -> None:
    now = int(time.time())
    session, intent = paid(standin)
    still_open = opened(standin)
    sessions = api.v1.checkout.sessions
    assert [one.id for one in sessions.list(params={"payment_intent": intent}).data] == [session]
    assert [one.id for one in sessions.list(params={"status": "open"}).data] == [still_open]
    assert [one.id for one in sessions.list(params={"created": {"gte": now - 5}}).data] == [
        still_open,
        session,
    ]
    assert sessions.list(params={"created": {"lt": now - 5}}).data == []
    assert sessions.list(params={"customer_details": {"email": "x@example.com"}}).data == []
    assert [one.payment_intent for one in api.v1.charges.list(params={"payment_intent": intent}).data] == [
        intent
    ]
    assert api.v1.refunds.list(params={"payment_intent": "pi_unknown"}).data == []


def test_expansion_reaches_into_lists(api: stripe.StripeClient, standin: StandIn) -> None:
    _, intent = paid(standin)
    listed: Any = api.v1.checkout.sessions.list(params={"expand": ["data.payment_intent.latest_charge"]})
    assert listed.data[0].payment_intent.id == intent
    assert listed.data[0].payment_intent.latest_charge.amount == 123450


def test_two_clients_see_the_same(standin: StandIn) -> None:
    session = opened(standin)
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: client(standin).v1.checkout.sessions.retrieve(session).id, range(40)))
    assert set(seen) == {session}


def test_ids_can_be_counted() -> None:
    with running(counted_ids=True) as standin:
        first, second = opened(standin), opened(standin)
        assert first < second
        assert len(first) == len("cs_test_") + 58
        assert paid(standin, number=GOOD)[1].startswith("pi_0000")


# Forms


def test_brackets_make_objects_and_lists() -> None:
    encoded = "a[b][0][c]=1&a[b][1][c]=2&expand[]=x&expand[]=y&m[k%20l]=%C3%A9&n="
    assert forms.decode(encoded) == {
        "a": {"b": [{"c": "1"}, {"c": "2"}]},
        "expand": ["x", "y"],
        "m": {"k l": "é"},
        "n": "",
    }


@pytest.mark.parametrize("encoded", ["a[b=1", "[a]=1", "a=1&a[b]=2", "a" + "[b]" * 20 + "=1"])
def test_nonsense_is_refused_not_crashed_on(encoded: str) -> None:
    with pytest.raises(ApiError):
        forms.decode(encoded)
