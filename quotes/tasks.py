"""Nudged after a commit; the sweep takes what was missed."""

from celery import shared_task

from quotes import rendering


@shared_task(name="quotes.render")
def render(version_id: int) -> None:
    rendering.render_version(version_id)
