"""POST /v1/checkout/sessions: what it takes, and what Stripe refuses."""

from __future__ import annotations

from demo.stripe_standin import errors
from demo.stripe_standin.bank import Bank
from demo.stripe_standin.errors import ApiError
from demo.stripe_standin.forms import Given
from demo.stripe_standin.store import Resource

SHORTEST, LONGEST = 30 * 60, 24 * 3600
LEAST = {"eur": 50}
MOST = 99_999_999
LOCALES = ("auto", "fr", "fr-CA", "en", "en-GB", "de", "es", "it", "nl", "pt")
SUBMITS = ("auto", "book", "donate", "pay", "subscribe")
NO_EFFECT = (
    "adaptive_pricing",
    "after_expiration",
    "allow_promotion_codes",
    "automatic_tax",
    "billing_address_collection",
    "branding_settings",
    "consent_collection",
    "custom_text",
    "customer_creation",
    "excluded_payment_method_types",
    "integration_identifier",
    "invoice_creation",
    "name_collection",
    "origin_context",
    "payment_method_options",
    "phone_number_collection",
    "saved_payment_method_options",
    "tax_id_collection",
    "wallet_options",
)
"""Taken, since Stripe takes them; the page of the stand-in does not change."""


def open_session(bank: Bank, given: Given) -> Resource:
    given.accept(*NO_EFFECT)
    if given.choice("mode", ("payment", "setup", "subscription")) != "payment":
        raise ApiError("The stand-in only knows Checkout Sessions in `payment` mode.", param="mode")
    given.choice("ui_mode", ("hosted_page",))
    fields = _fields(given) | {"expires_at": _expires_at(bank, given)}
    data = _payment_intent_data(given.inner("payment_intent_data"))
    items, currency = _lines(given)
    given.nothing_else()
    amount = sum(item["unit_amount"] * item["quantity"] for item in items)
    _check_amount(amount, currency)
    return bank.open_session(
        amount=amount, currency=currency, items=items, given=fields, payment_intent_data=data
    )


def _fields(given: Given) -> Resource:
    return {
        "success_url": _needed_address(given, "success_url"),
        "cancel_url": given.address("cancel_url"),
        "client_reference_id": given.text("client_reference_id", longest=200),
        "customer_email": given.email("customer_email"),
        "locale": given.choice("locale", LOCALES),
        "metadata": given.metadata(),
        "submit_type": given.choice("submit_type", SUBMITS),
        "payment_method_types": _types(given),
    }


def _needed_address(given: Given, name: str) -> str:
    address = given.address(name)
    if address is None:
        raise errors.missing(given.full(name))
    return address


def _types(given: Given) -> list[str]:
    types = given.texts("payment_method_types") or ["card"]
    if types != ["card"]:
        raise ApiError("The stand-in only takes cards.", param="payment_method_types")
    return types


def _expires_at(bank: Bank, given: Given) -> int:
    now, asked = bank.now(), given.integer("expires_at")
    if asked is None:
        return now + LONGEST
    if asked < now + SHORTEST:
        message = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise ApiError(message, param="expires_at")
    if asked > now + LONGEST:
        message = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        raise ApiError(message, param="expires_at")
    return asked


def _payment_intent_data(given: Given) -> Resource:
    given.accept("setup_future_usage", "statement_descriptor", "capture_method")
    data = {
        "description": given.text("description", longest=1000),
        "metadata": given.metadata(),
        "receipt_email": given.email("receipt_email"),
        "statement_descriptor_suffix": given.text("statement_descriptor_suffix", longest=22),
    }
    given.nothing_else()
    return data


def _lines(given: Given) -> tuple[list[Resource], str]:
    lines = given.items("line_items")
    if not lines:
        raise errors.missing("line_items")
    items, currencies = [], set()
    for line in lines:
        item, currency = _line(line)
        items.append(item)
        currencies.add(currency)
    if len(currencies) > 1:
        raise ApiError("All prices must have the same currency.", param="line_items")
    return items, currencies.pop()


def _line(line: Given) -> tuple[Resource, str]:
    price, quantity = line.inner("price_data"), line.integer("quantity")
    product = price.inner("product_data")
    if not price.values:
        raise errors.missing(price.path)
    if quantity is None or quantity < 1:
        raise ApiError(f"Quantity is required. Add `quantity` to `{line.path}`", param=line.full("quantity"))
    currency, unit_amount = price.needed("currency").lower(), price.integer("unit_amount")
    if unit_amount is None:
        raise errors.missing(price.full("unit_amount"))
    if unit_amount < 0:
        message = "This value must be greater than or equal to 0."
        raise ApiError(message, code="parameter_invalid_integer", param=price.full("unit_amount"))
    product.accept("description", "images", "metadata", "tax_code")
    name = product.needed("name")
    for part in (product, price, line):
        part.accept("tax_behavior", "adjustable_quantity", "dynamic_tax_rates")
        part.nothing_else()
    return {"name": name, "unit_amount": unit_amount, "quantity": quantity}, currency


def _check_amount(amount: int, currency: str) -> None:
    if amount < LEAST.get(currency, 50):
        message = "The Checkout Session's total amount due must add up to at least €0.50 eur"
        raise ApiError(message, code="amount_too_small")
    if amount > MOST:
        message = "The Checkout Session's total amount due must be no more than €999,999.99"
        raise ApiError(message, code="amount_too_large")
