"""Nudged after a commit; the sweep takes what was missed."""

from celery import shared_task

from quotes import drafting, rendering


@shared_task(name="quotes.render")
def render(version_id: int) -> None:
    rendering.render_version(version_id)


@shared_task(name="quotes.render_draft")
def render_draft(draft_id: int) -> None:
    drafting.render_draft(draft_id)
