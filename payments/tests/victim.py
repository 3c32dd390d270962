"""A process of its own that is killed at a chosen step: before and after each statement, each COMMIT, each call.

It is a fork of the test's: what it did before its death stays in the database and at the stand-in, nothing else does.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import stripe
from django.db import connection, connections

NEVER = 1_000_000
KEPT: list[Any] = []  # never closed from here: that would end the parent's session


@dataclass
class Death:
    """Counts the steps and ends the process at one of them, as `kill -9` does."""

    at: int
    steps: int = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def walked(*args: Any, **kwargs: Any) -> Any:
            self.step()
            result = call(*args, **kwargs)
            self.step()
            return result

        return walked

    def statement(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        return self.around(execute)(sql, params, many, context)


@contextmanager
def walking(death: Death) -> Iterator[None]:
    client = stripe.RequestsClient
    with (
        connection.execute_wrapper(death.statement),
        mock.patch.object(connection, "_commit", death.around(connection._commit)),  # type: ignore[attr-defined]
        mock.patch.object(client, "request", death.around(client.request)),
    ):
        yield


def kill_at(step: int, verb: Callable[[], object]) -> bool:
    """Run the verb in a fork that dies at this step. False when it came to its end before."""
    connections.close_all()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _live(step, verb)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the verb itself failed, see its traceback above"
    return False


def _live(step: int, verb: Callable[[], object]) -> None:
    """Never returns: a fork must not run the rest of the tests."""
    code = 1
    _leave_the_parents_connections()
    try:
        with walking(Death(step)):
            verb()
        code = 0
    except BaseException:  # noqa: BLE001 (whatever it is, the parent's assertion tells)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _leave_the_parents_connections() -> None:
    """A socket that is still the parent's would outlive this process, and with it a transaction half done.

    Where a browser keeps an event loop running, the parent closes the connections of its loop; the fork, in which no
    loop counts as running, finds those of the thread.
    """
    for inherited in connections.all(initialized_only=True):
        KEPT.append(inherited.connection)
        inherited.connection = None


def steps_of(verb: Callable[[], object]) -> int:
    """How many there are, by walking them all."""
    death = Death(NEVER)
    with walking(death):
        verb()
    return death.steps
