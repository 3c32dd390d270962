"""The points at which a worker or the web process is killed, by name: just before or just after a call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """`call` is module:name. `given` must be among the call's arguments for the point to count."""

    name: str
    call: str
    when: str  # "before" or "after"
    given: str = ""


WORKER = (
    # rendering
    Point("render: claimed", "quotes.pdf.rendering:quote_pdf", "before"),
    Point("render: rendered", "quotes.pdf.rendering:quote_pdf", "after"),
    Point("render: storing", "lib.files:store", "before", "versions"),
    Point("render: written, without its name", "lib.files:_write_all", "after"),
    Point("render: has its name, not read again", "lib.files:write", "after"),
    Point("render: stored", "lib.files:store", "after", "versions"),
    Point("render: completing", "quotes.workflow.sending:complete_sending", "before"),
    Point("render: in force, not committed", "quotes.models.version:QuoteVersion.come_into_force", "after"),
    Point("render: link queued, not committed", "quotes.workflow.sending:_mail_the_link", "after"),
    Point("render: committed", "quotes.workflow.sending:complete_sending", "after"),
    # mails
    Point("mail: claimed", "notifications.delivery:_send", "before"),
    Point("mail: written", "notifications.delivery:_transmit", "before"),
    Point("mail: before DATA", "notifications.delivery:_Recording.data", "before"),
    Point("mail: after 250", "notifications.delivery:_Recording.data", "after"),
    Point("mail: before QUIT", "notifications.delivery:RecordingBackend._close_connection", "before"),
    Point("mail: after QUIT", "notifications.delivery:_transmit", "after"),
    Point("mail: before its mark", "notifications.delivery:_close", "before"),
    Point("mail: marked, not journalled", "notifications.delivery:_tell", "before"),
    Point("mail: journalled, not committed", "notifications.delivery:_tell", "after"),
    Point("mail: committed", "notifications.delivery:_close", "after"),
    # sealing
    Point("seal: claimed", "signing.sealing:sealed_pdf", "before"),
    Point("seal: certificate", "signing.sealing:certificate_pdf", "before"),
    Point("seal: certificate rendered", "signing.sealing:certificate_pdf", "after"),
    Point("seal: attaching", "signing.seal.appending:append", "before"),
    Point("seal: attached", "signing.seal.appending:append", "after"),
    Point("seal: before the time stamp", "signing.seal.stamping:InOrder.async_timestamp", "before"),
    Point("seal: time-stamped, not examined", "signing.seal.sealing:_proved", "before"),
    Point("seal: sealed", "signing.sealing:_sealed", "after"),
    Point("seal: storing", "lib.files:store", "before", "signed"),
    Point("seal: stored", "lib.files:store", "after", "signed"),
    Point("seal: completing", "signing.workflow:complete_sealing", "before"),
    Point("seal: mail not queued", "signing.emails:signed_copy", "before"),
    Point("seal: mail queued, not committed", "signing.emails:signed_copy", "after"),
    Point("seal: journalled, not committed", "quotes.journal:append", "after", "sealed"),
    Point("seal: committed", "signing.workflow:complete_sealing", "after"),
    # the queue itself
    Point("queue: a row just claimed", "notifications.queue.rows:QueueQuerySet.claim", "after"),
    Point("queue: done, not released", "notifications.queue.rows:QueueQuerySet.release", "before"),
)
WEB = (
    Point("accept: a try taken", "signing.workflow:_take_try", "after"),
    Point("accept: after COMMIT", "signing.workflow:_accept", "after"),
)
SETTLING = (
    Point("webhook: kept", "payments.workflow.events:receive_event", "after"),
    Point("settle: asked", "payments.workflow.settling:settle", "before"),
    Point("settle: committed", "payments.workflow.settling:settle", "after"),
)
ACCEPT = "signing.workflow:_accept"  # each of its statements is a point of its own: "accept: statement 7"
BY_NAME = {point.name: point for point in (*WORKER, *WEB, *SETTLING)}
