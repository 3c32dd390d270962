"""A small server that answers like Stripe: its API, its hosted card page, its signed webhooks. No money moves.

It is written against Stripe's documented behaviour and knows nothing of the product, which speaks to it through the
real `stripe` package. Everything lives in one process:

    forms, errors     how parameters and refusals look on the wire
    store             what exists, in every version it ever had, kept in one file
    cards             the test cards and what each one leads to
    resources         the shapes of Stripe's objects
    bank              what happens to money: pay, settle, expire, refund, dispute
    api               /v1/…, with idempotency keys, lists and expansion
    pages             the card page
    courier           the webhooks
    control           /_standin/…, for tests and for whoever shows the demo
    routes            which of them answers which address
    server            HTTP around all of it
"""
