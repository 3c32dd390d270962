"""The bell and the mails on the desk."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from logisav.desk.base import DeskAdmin
from logisav.desk.bell import pages
from logisav.desk.paging import BoundedList
from logisav.desk.reading import ReadOnly
from notifications import outbox
from notifications.events import find_mail
from notifications.models import LATELY, Notification, OutgoingEmail

TONES = {
    OutgoingEmail.State.SENT: "ok",
    OutgoingEmail.State.FAILED: "bad",
    OutgoingEmail.State.ATTENTION: "bad",
    OutgoingEmail.State.OUTDATED: "warn",
}


def tone_of(email: OutgoingEmail) -> str:
    return TONES.get(OutgoingEmail.State(email.state), "quiet")


@admin.register(Notification)
class NotificationAdmin(DeskAdmin):
    """Open to all staff: everyone has a bell, and sees nobody else's."""

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "notifications_notification_"
        return [
            path("", view(pages.bell), name=f"{name}changelist"),
            path("nombre/", view(pages.count), name=f"{name}count"),
            path("preferences/", view(pages.preferences), name=f"{name}preferences"),
            path("tout-lire/", view(pages.mark_all_read), name=f"{name}read_all"),
            path("<int:pk>/lire/", view(pages.mark_read), name=f"{name}read"),
            path("<int:pk>/ouvrir/", view(pages.open_line), name=f"{name}open"),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False


class Unsent(admin.SimpleListFilter):
    """What the first page counts."""

    title = "suite"
    parameter_name = "suite"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("non-partis", f"Non partis depuis {LATELY.days} jours")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[OutgoingEmail]:
        return queryset.unsent_lately() if self.value() == "non-partis" else queryset


@admin.register(OutgoingEmail)
class OutgoingEmailAdmin(ReadOnly, BoundedList, DeskAdmin):
    """Read-only: what left, when, to whom, and what did not. Secrets show as ••••••."""

    list_display = ("subject", "to", "about", "status", "created_at", "sent_at")
    list_filter = (Unsent, "state")
    ordering = ("-pk",)  # as they were asked for
    sortable_by = ()
    search_fields = ("to", "subject", "about")
    search_help_text = "Destinataire, objet, numéro de devis"
    actions = None
    fields = (
        ("subject", "status"),
        ("what", "about"),
        "to",
        ("created_at", "sent_at"),
        ("attempts", "next_try_at"),
        "error",
        "smtp_reply",
        "message_id",
        "written",
    )
    readonly_fields = ("status", "what", "written")
    change_form_before_template = "desk/mails/head.html"

    @admin.display(description="État", ordering="state")
    def status(self, email: OutgoingEmail) -> SafeString:
        return format_html('<span class="pill {}">{}</span>', tone_of(email), email.get_state_display())

    @admin.display(description="Nature")
    def what(self, email: OutgoingEmail) -> str:
        return capfirst(find_mail(email.message).name)

    @admin.display(description="Texte")
    def written(self, email: OutgoingEmail) -> SafeString:
        return format_html('<div class="mail-text">{}</div>', email.text)

    def get_urls(self) -> list[URLPattern]:
        again = self.admin_site.admin_view(self.send_again)
        return [
            path("<int:pk>/renvoyer/", again, name="notifications_outgoingemail_again"),
            *super().get_urls(),
        ]

    def may_send(self, request: HttpRequest) -> bool:
        return request.user.has_perm("notifications.change_outgoingemail")

    def send_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        """« Renvoyer »: POST only, the button stands under the mail's own words. Accountants read, and no more."""
        if not (self.has_view_permission(request) and self.may_send(request)):
            raise PermissionDenied
        email = OutgoingEmail.objects.filter(pk=pk).first()
        if email is None:
            raise Http404
        if request.method == "POST":
            self._repeat(request, email)
        return redirect("admin:notifications_outgoingemail_change", pk)

    def _repeat(self, request: HttpRequest, email: OutgoingEmail) -> None:
        try:
            with transaction.atomic():
                outbox.repeat(email)
        except outbox.CarriesSecret:
            messages.error(
                request, "Ce mail porte un lien ou un code : demandez-en un nouveau depuis le devis."
            )
        except outbox.Held as held:
            messages.error(request, str(held))
        else:
            messages.success(request, f"Le mail repart à {email.to}.")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {
            "email": kwargs.get("obj"),
            "title": "Mail",
            "subtitle": None,
            "may_send": self.may_send(request),
            "held": find_mail(email.message).why_held(email) if (email := kwargs.get("obj")) else "",
        }
        return super().render_change_form(request, context, *args, **kwargs)
