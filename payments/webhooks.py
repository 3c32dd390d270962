"""Where Stripe tells what happened: checked on the raw bytes, kept, then applied."""

from __future__ import annotations

import logging

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from lib.fields import whole
from notifications.queue import JobOutcome
from payments import stripe_gateway, workflow
from payments.stripe_gateway import BadSignature, UnstorableEvent

LARGEST = 1024 * 1024
log = logging.getLogger(__name__)


@csrf_exempt  # the signature is the authority
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """200 once it is kept and applied, or another delivery is at it; 500 keeps it, and Stripe tells it again."""
    body = _body(request)
    if body is None:
        return HttpResponse(status=413)
    try:
        event = stripe_gateway.parse_event(body, request.headers.get("Stripe-Signature", ""))
    except BadSignature:
        log.warning("a webhook without a valid signature was turned away")
        return HttpResponse(status=400)
    except UnstorableEvent:
        workflow.set_event_aside(body)
        return HttpResponse()
    stored = workflow.receive_event(event)
    if workflow.apply_event(stored.pk) in (JobOutcome.LATER, JobOutcome.AWAY):
        return HttpResponse(status=500)
    return HttpResponse()


def _body(request: HttpRequest) -> bytes | None:
    """None when it is longer than any message of Stripe's; such a body is not read."""
    length = whole(request.headers.get("Content-Length", "0"))
    if length is None or length > LARGEST:
        return None
    try:
        body = request.body
    except RequestDataTooBig:
        return None
    return body if len(body) <= LARGEST else None
