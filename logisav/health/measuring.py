"""All subjects, measured now: fourteen statements, none of which reads more than what is undone or a day old."""

from __future__ import annotations

from logisav.health import certificates, machine, processes, queues
from logisav.health.facts import Fact
from notifications import readings


def measure() -> list[Fact]:
    """The broker is asked too, which takes a second when it is away."""
    known = readings.latest()
    return [
        *(queues.fact(depth) for depth in queues.depths()),
        *(processes.fact(beat) for beat in processes.beats(known)),
        *(queues.given_up_fact(given) for given in queues.given_up()),
        machine.broker_fact(),
        machine.space_fact(),
        *certificates.facts(known),
    ]
