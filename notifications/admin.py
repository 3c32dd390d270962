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
from unfold.admin import ModelAdmin

from notifications import outbox, views
from notifications.models import LATELY, Notification, OutgoingEmail
from notifications.paging import BoundedList
from notifications.reading import ReadOnly

TONES = {
    OutgoingEmail.State.SENT: "ok",
    OutgoingEmail.State.FAILED: "bad",
    OutgoingEmail.State.ATTENTION: "bad",
    OutgoingEmail.State.OUTDATED: "warn",
}


@admin.register(Notification)
class NotificationAdmin(ModelAdmin):
    """Open to all staff: everyone has a bell, and sees nobody else's."""

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "notifications_notification_"
        return [
            path("", view(views.bell), name=f"{name}changelist"),
            path("nombre/", view(views.count), name=f"{name}count"),
            path("preferences/", view(views.preferences), name=f"{name}preferences"),
            path("tout-lire/", view(views.mark_all_read), name=f"{name}read_all"),
            path("<int:pk>/lire/", view(views.mark_read), name=f"{name}read"),
            path("<int:pk>/ouvrir/", view(views.open_line), name=f"{name}open"),
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
class OutgoingEmailAdmin(ReadOnly, BoundedList, ModelAdmin):
    """Read-only: what left, when, to whom, and what did not. Secrets show as ••••••."""

    list_display = ("subject", "to", "about", "standing", "created_at", "sent_at")
    list_filter = (Unsent, "state")
    ordering = ("-pk",)  # as they were asked for
    sortable_by = ()
    search_fields = ("to", "subject", "about")
    search_help_text = "Destinataire, objet, numéro de devis"
    actions = None
    fields = (
        ("subject", "standing"),
        ("to", "about"),
        ("created_at", "sent_at"),
        ("attempts", "next_try_at"),
        "error",
        "smtp_reply",
        "message_id",
        "written",
    )
    readonly_fields = ("standing", "written")
    change_form_before_template = "admin/notifications/mail_head.html"

    @admin.display(description="État", ordering="state")
    def standing(self, email: OutgoingEmail) -> SafeString:
        tone = TONES.get(OutgoingEmail.State(email.state), "quiet")
        return format_html('<span class="pill {}">{}</span>', tone, email.get_state_display())

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
        }
        return super().render_change_form(request, context, *args, **kwargs)
