"""Parameters as Stripe takes them: form-encoded, nested with brackets, told apart by name."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from demo.stripe_standin import errors
from demo.stripe_standin.errors import ApiError

KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
DEEPEST = 8
MOST_METADATA, LONGEST_NAME, LONGEST_VALUE = 50, 40, 500
LONGEST_TEXT = 5000


def decode(encoded: str) -> dict[str, Any]:
    """`a[b][0][c]=1&expand[]=x` as {"a": {"b": [{"c": "1"}]}, "expand": ["x"]}."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        _plant(tree, _steps(name), value)
    return {name: _with_lists(branch) for name, branch in tree.items()}


def _steps(name: str) -> list[str]:
    match = KEY.fullmatch(name)
    steps = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])] if match else []
    if not steps or len(steps) > DEEPEST:
        raise ApiError(f"Invalid parameter name: {name}")
    return steps


def _plant(tree: dict[str, Any], steps: list[str], value: str) -> None:
    for step in steps[:-1]:
        tree = tree.setdefault(step or str(len(tree)), {})
        if not isinstance(tree, dict):
            raise ApiError(f"Invalid object: {steps[0]}", param=steps[0])
    tree[steps[-1] or str(len(tree))] = value


def _with_lists(branch: Any) -> Any:
    """Indexes make a list, in their order."""
    if not isinstance(branch, dict):
        return branch
    if branch and all(step.isdecimal() for step in branch):
        return [_with_lists(branch[step]) for step in sorted(branch, key=int)]
    return {step: _with_lists(twig) for step, twig in branch.items()}


class Given:
    """What was given, read by name; what nobody read is unknown."""

    def __init__(self, values: dict[str, Any], path: str = "") -> None:
        self.values, self.path = values, path
        self.read: set[str] = set()

    def full(self, name: str) -> str:
        return f"{self.path}[{name}]" if self.path else name

    def _raw(self, name: str) -> Any:
        self.read.add(name)
        return self.values.get(name)

    def text(self, name: str, *, longest: int = LONGEST_TEXT) -> str | None:
        value = self._raw(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise ApiError(f"Invalid string: {value}", param=self.full(name))
        if len(value) > longest:
            message = f"Invalid string: {value[:10]}…; must be at most {longest} characters"
            raise ApiError(message, code="parameter_invalid_string_too_long", param=self.full(name))
        return value or None

    def needed(self, name: str, *, longest: int = LONGEST_TEXT) -> str:
        value = self.text(name, longest=longest)
        if value is None:
            raise errors.missing(self.full(name))
        return value

    def integer(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?\d{1,12}", value):
            message = f"Invalid integer: {value}"
            raise ApiError(message, code="parameter_invalid_integer", param=self.full(name))
        return int(value)

    def choice(self, name: str, among: Collection[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in among:
            raise ApiError(f"Invalid {name}: must be one of {', '.join(among)}", param=self.full(name))
        return value

    def email(self, name: str) -> str | None:
        value = self.text(name, longest=800)
        if value is not None and not EMAIL.fullmatch(value):
            raise ApiError(f"Invalid email address: {value}", code="email_invalid", param=self.full(name))
        return value

    def address(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None and not _is_web(value):
            raise ApiError("Not a valid URL", code="url_invalid", param=self.full(name))
        return value

    def texts(self, name: str) -> list[str]:
        value = self._raw(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ApiError("Invalid array", param=self.full(name))
        return value

    def inner(self, name: str) -> Given:
        """An object within, empty when it was not given."""
        value = self._raw(name)
        if value is not None and not isinstance(value, dict):
            raise ApiError("Invalid object", param=self.full(name))
        return Given(value or {}, self.full(name))

    def items(self, name: str) -> list[Given]:
        value = self._raw(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise ApiError("Invalid array", param=self.full(name))
        return [Given(item, f"{self.full(name)}[{index}]") for index, item in enumerate(value)]

    def metadata(self) -> dict[str, str]:
        inner = self.inner("metadata")
        if len(inner.values) > MOST_METADATA:
            raise ApiError(f"You can have at most {MOST_METADATA} metadata keys", param=inner.path)
        if too_long := [name for name in inner.values if len(name) > LONGEST_NAME]:
            raise ApiError(f"Metadata key is too long: {too_long[0]}", param=inner.path)
        found = {name: inner.text(name, longest=LONGEST_VALUE) for name in inner.values}
        return {name: value for name, value in found.items() if value is not None}

    def accept(self, *names: str) -> None:
        """Known to Stripe, without effect here."""
        self.read.update(names)

    def nothing_else(self) -> None:
        if unknown := [name for name in self.values if name not in self.read]:
            raise errors.unknown_param(self.full(unknown[0]))


def _is_web(address: str) -> bool:
    """Its placeholder is no part of an address yet."""
    try:
        parts = urlsplit(address.replace("{CHECKOUT_SESSION_ID}", "x"))
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in address
