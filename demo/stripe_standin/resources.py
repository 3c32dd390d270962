"""The shapes of Stripe's objects, for what a one-time card payment through Checkout shows of them."""

from __future__ import annotations

from typing import Any

from demo.stripe_standin.cards import Card, Leads
from demo.stripe_standin.store import Resource

API_VERSION = "2026-10-28.endive"
HIDDEN = "_standin"
"""What the stand-in notes on a resource and never shows."""


def shown(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if name != HIDDEN}


def address() -> Resource:
    return {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}


def customer_details(*, email: str | None, name: str | None) -> Resource:
    return {
        "address": address() if name else None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [] if name else None,
    }


def line_item(identity: str, *, name: str, currency: str, unit_amount: int, quantity: int) -> Resource:
    total = unit_amount * quantity
    return {
        "id": identity,
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": currency,
        "description": name,
        "price": {
            "id": identity.replace("li_", "price_"),
            "object": "price",
            "active": False,
            "currency": currency,
            "livemode": False,
            "type": "one_time",
            "unit_amount": unit_amount,
            "unit_amount_decimal": str(unit_amount),
        },
        "quantity": quantity,
    }


def session(
    identity: str, *, created: int, url: str, amount: int, currency: str, given: Resource, hidden: Resource
) -> Resource:
    """An open one; `given` are the fields that are as they were asked for."""
    base: Resource = {
        "id": identity,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": None,
        "client_reference_id": None,
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": created,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {},
        "customer": None,
        "customer_account": None,
        "customer_creation": "if_required",
        "customer_details": None,
        "customer_email": None,
        "discounts": [],
        "expires_at": 0,
        "invoice": None,
        "livemode": False,
        "locale": None,
        "metadata": {},
        "mode": "payment",
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "success_url": None,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": url,
        "wallet_options": None,
    }
    return base | given | {HIDDEN: hidden}


def payment_intent(identity: str, *, created: int, of: Resource) -> Resource:
    """Made when somebody first tries to pay the session `of`, as Stripe does."""
    wanted = of[HIDDEN]["payment_intent_data"]
    return {
        "id": identity,
        "object": "payment_intent",
        "amount": of["amount_total"],
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{identity}_secret_demo",
        "confirmation_method": "automatic",
        "created": created,
        "currency": of["currency"],
        "customer": None,
        "customer_account": None,
        "description": wanted["description"],
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": wanted["metadata"],
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": wanted["receipt_email"],
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": wanted["statement_descriptor_suffix"],
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def billing_details(*, name: str, email: str) -> Resource:
    return {"address": address(), "email": email, "name": name, "phone": None, "tax_id": None}


def card_details(card: Card, *, expiry: tuple[int, int]) -> Resource:
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "FR" if card.leads is Leads.QUESTION else "US",
        "exp_month": expiry[0],
        "exp_year": expiry[1],
        "funding": "credit",
        "last4": card.last4,
        "wallet": None,
    }


def payment_method(
    identity: str, *, created: int, card: Card, expiry: tuple[int, int], name: str, email: str
) -> Resource:
    return {
        "id": identity,
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": billing_details(name=name, email=email),
        "card": card_details(card, expiry=expiry) | {"fingerprint": f"test{card.last4}"},
        "created": created,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def charge(
    identity: str, *, created: int, intent: Resource, method: Resource, card: Card, status: str
) -> Resource:
    paid = status == "succeeded"
    details = {name: value for name, value in method["card"].items() if name != "fingerprint"}
    return {
        "id": identity,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "DEMONSTRATION",
        "captured": paid,
        "created": created,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": card.code if status == "failed" else None,
        "failure_message": card.message if status == "failed" else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": outcome(card, status=status),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {
            "type": "card",
            "card": details | {"network": card.brand, "three_d_secure": three_d_secure(card)},
        },
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": status,
        "transfer_data": None,
        "transfer_group": None,
    }


def three_d_secure(card: Card) -> Resource | None:
    if card.leads is not Leads.QUESTION:
        return None
    return {
        "authentication_flow": "challenge",
        "result": "authenticated",
        "result_reason": None,
        "version": "2.2.0",
    }


def outcome(card: Card, *, status: str) -> Resource:
    advice: dict[str, Any] = {"advice_code": None, "network_advice_code": None, "network_decline_code": None}
    if status == "failed":
        return advice | {
            "network_status": "declined_by_network",
            "reason": card.decline_code or card.code,
            "risk_level": "normal",
            "seller_message": "The bank did not return any further details with this decline.",
            "type": "issuer_declined",
        }
    return advice | {
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "seller_message": "Payment complete.",
        "type": "authorized",
    }


def refund(
    identity: str,
    *,
    created: int,
    of: Resource,
    amount: int,
    status: str,
    reason: str | None,
    metadata: dict[str, str],
    hidden: Resource,
) -> Resource:
    return {
        "id": identity,
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": of["id"],
        "created": created,
        "currency": of["currency"],
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "failure_reason": None,
        "metadata": metadata,
        "payment_intent": of["payment_intent"],
        "pending_reason": "processing" if status == "pending" else None,
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
        HIDDEN: hidden,
    }


def dispute(identity: str, *, created: int, of: Resource, amount: int, reason: str, due_by: int) -> Resource:
    return {
        "id": identity,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": of["id"],
        "created": created,
        "currency": of["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4" if reason == "fraudulent" else None,
        "payment_intent": of["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": of["payment_method_details"]["card"]["brand"],
                "case_type": "chargeback",
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": reason,
        "status": "needs_response",
    }


def event(identity: str, *, created: int, type: str, of: Resource, request: Resource) -> Resource:  # noqa: A002
    return {
        "id": identity,
        "object": "event",
        "api_version": API_VERSION,
        "created": created,
        "data": {"object": shown(of)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": request,
        "type": type,
    }
