"""Breaking on purpose, so that tests see what the product does then."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum

from demo.stripe_standin.web import Request


class HangUp(Exception):
    """The connection ends without an answer."""


class FaultKind(Enum):
    UNREACHABLE = "unreachable"
    """Nothing is done, nothing is answered."""
    LOST = "lost"
    """All is done, the answer is lost."""
    ERROR = "error"
    """Nothing is done, the answer is 500."""
    SLOW = "slow"
    """All is done, late."""


@dataclass
class PlannedFault:
    kind: FaultKind
    path: str = "/v1/"
    method: str = ""
    times: int = 1
    seconds: float = 1.0

    def concerns(self, request: Request) -> bool:
        return request.path.startswith(self.path) and self.method in {"", request.method}


class Faults:
    def __init__(self) -> None:
        self.planned: list[PlannedFault] = []
        self.lock = threading.Lock()

    def plan(self, fault: PlannedFault) -> None:
        with self.lock:
            self.planned.append(fault)

    def clear(self) -> None:
        with self.lock:
            self.planned.clear()

    def take(self, request: Request) -> PlannedFault | None:
        with self.lock:
            for fault in self.planned:
                if fault.concerns(request):
                    fault.times -= 1
                    if fault.times == 0:
                        self.planned.remove(fault)
                    return fault
        return None
