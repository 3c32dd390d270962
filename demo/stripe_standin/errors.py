"""Refusals, in Stripe's words and shape."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

INVALID = "invalid_request_error"


class ApiError(Exception):
    """An answer that is not the one asked for. `kept`: a repeated idempotency key gets it again."""

    def __init__(
        self,
        message: str,
        *,
        status: int = HTTPStatus.BAD_REQUEST,
        type: str = INVALID,  # noqa: A002 - Stripe's name
        code: str = "",
        param: str = "",
        kept: bool = False,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.type = message, int(status), type
        self.code, self.param, self.kept = code, param, kept

    @property
    def body(self) -> dict[str, Any]:
        body = {"message": self.message, "type": self.type}
        if self.code:
            body |= {
                "code": self.code,
                "doc_url": f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}",
            }
        if self.param:
            body |= {"param": self.param}
        return {"error": body}


def unknown_address(method: str, path: str) -> ApiError:
    return ApiError(
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at "
        "https://support.stripe.com/.",
        status=HTTPStatus.NOT_FOUND,
    )


def no_key() -> ApiError:
    return ApiError(
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer "
        "auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        status=HTTPStatus.UNAUTHORIZED,
    )


def wrong_key(key: str) -> ApiError:
    hidden = f"{key[:8]}{'*' * max(0, len(key) - 12)}{key[-4:]}" if len(key) > 12 else "*" * len(key)
    return ApiError(f"Invalid API Key provided: {hidden}", status=HTTPStatus.UNAUTHORIZED)


def missing(param: str) -> ApiError:
    return ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown_param(param: str) -> ApiError:
    return ApiError(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def no_such(kind: str, identity: str, *, param: str = "id") -> ApiError:
    return ApiError(
        f"No such {kind}: '{identity}'", status=HTTPStatus.NOT_FOUND, code="resource_missing", param=param
    )


def other_parameters(key: str) -> ApiError:
    return ApiError(
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request.",
        type="idempotency_error",
    )


def other_endpoint(key: str, path: str, first: str) -> ApiError:
    return ApiError(
        f"Keys for idempotent requests can only be used for the same endpoint they were first used for ('{path}' vs "
        f"'{first}'). Try using a key other than '{key}' if you meant to execute a different request.",
        type="idempotency_error",
    )


def key_in_use(key: str) -> ApiError:
    return ApiError(
        "There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
        f"twice, and the other request is still going through): {key}. Please try again later.",
        status=HTTPStatus.CONFLICT,
        type="idempotency_error",
        code="idempotency_key_in_use",
    )
