"""Errors told to a Sentry, or whatever speaks its protocol, when SENTRY_DSN is set (logisav/settings.py)."""

from __future__ import annotations

from typing import Any

import sentry_sdk

from lib import VERSION, tracing
from notifications.masking import mask

# What a request brought along: none of it helps to find an error, all of it may be somebody's.
PRIVATE = frozenset({"cookies", "data", "headers", "query_string", "env", "user", "vars", "extra", "params"})


def start(dsn: str) -> None:
    """No personal data, no local variables, no body; what is left goes through the mask."""
    sentry_sdk.init(
        dsn=dsn,
        release=VERSION,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        traces_sample_rate=None,
        trace_propagation_targets=[],  # no header of ours to Stripe and time-stamp authorities
        auto_session_tracking=False,
        before_send=_masked,
        before_breadcrumb=lambda crumb, hint: _without_secrets(crumb),
    )


def _masked(event: Any, hint: dict[str, Any]) -> Any:
    tags = event.get("tags") or {}
    event["tags"] = {**tags, "trace": tracing.current()}
    return _without_secrets(event)


def _without_secrets(value: Any) -> Any:
    match value:
        case str():
            return mask(value)
        case dict():
            return {key: _without_secrets(each) for key, each in value.items() if key not in PRIVATE}
        case list() | tuple():
            return [_without_secrets(each) for each in value]
        case _:
            return value
