"""Nudged after a commit; the sweep takes what was missed."""

from celery import shared_task

from quotes.pdf import drafts, mending, rendering


@shared_task(name="quotes.render")
def render(version_id: int) -> None:
    rendering.render_version(version_id)


@shared_task(name="quotes.render_draft")
def render_draft(draft_id: int) -> None:
    drafts.render_draft(draft_id)


@shared_task(name="quotes.mend")
def mend(version_id: int) -> None:
    mending.mend_version(version_id)
