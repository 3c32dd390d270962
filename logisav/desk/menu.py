"""How the desk looks and what its menu holds (django-unfold)."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import lazy

# `reverse_lazy` that looks once: the menu compares its addresses two hundred times a page.
_address = lazy(cache(reverse), str)


def _may(*permissions: str) -> Any:
    return lambda request: any(request.user.has_perm(permission) for permission in permissions)


def _item(title: str, icon: str, address: str, permission: Any, **more: Any) -> dict[str, Any]:
    link = _address(f"admin:{address}")
    return {"title": title, "icon": icon, "link": link, "permission": permission, **more}


def _tab(title: str, address: str, permission: Any) -> dict[str, Any]:
    return {"title": title, "link": _address(f"admin:{address}"), "permission": permission}


_QUOTES = _may("quotes.view_quote", "quotes.change_quote")
_CUSTOMERS = _may("quotes.view_customer", "quotes.change_customer")
_CATALOGUE = _may("quotes.view_catalogueitem", "quotes.change_catalogueitem")
_TEMPLATES = _may("quotes.view_quotetemplate", "quotes.change_quotetemplate")
_TEXTS = _may("quotes.view_texttemplate", "quotes.change_texttemplate")
_COMPANY = _may("quotes.view_company", "quotes.change_company")
_MAILS = _may("notifications.view_outgoingemail")

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Logisav",
    "SITE_HEADER": "Logisav",
    "SITE_SUBHEADER": "Devis et signatures",
    "SITE_SYMBOL": "draw",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("icon.svg")}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "ACCOUNT": {
        "navigation": [
            {"title": "Changer le mot de passe", "link": _address("admin:password_change")},
            {"title": "Double vérification", "link": _address("second_factor")},
            {"title": "Mes connexions", "link": _address("logins")},
        ]
    },
    "DASHBOARD_CALLBACK": "logisav.desk.start.start_page",
    "STYLES": [
        lambda request: static("desk/desk.css"),
        lambda request: static("desk/follow.css"),
        lambda request: static("desk/start.css"),
        lambda request: static("desk/lists.css"),
        lambda request: static("desk/editor.css"),
        lambda request: static("desk/library.css"),
        lambda request: static("desk/people.css"),
    ],
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .013 215)",
            "100": "oklch(94.5% .025 215)",
            "200": "oklch(89% .045 215)",
            "300": "oklch(81% .07 215)",
            "400": "oklch(70% .09 215)",
            "500": "oklch(57% .09 216)",
            "600": "oklch(44% .078 217)",
            "700": "oklch(38% .068 218)",
            "800": "oklch(33% .058 219)",
            "900": "oklch(28% .048 220)",
            "950": "oklch(21% .036 221)",
        }
    },
    "TABS": [
        {
            "models": ["quotes.quotetemplate", "quotes.texttemplate"],
            "items": [
                _tab("Modèles de devis", "quotes_quotetemplate_changelist", _TEMPLATES),
                _tab("Textes types", "quotes_texttemplate_changelist", _TEXTS),
            ],
        },
        {
            "models": ["signing.signature", "signing.paperacceptance"],
            "items": [
                _tab("Signés en ligne", "signing_signature_changelist", _may("signing.view_signature")),
                _tab(
                    "Signés sur papier",
                    "signing_paperacceptance_changelist",
                    _may("signing.view_paperacceptance"),
                ),
            ],
        },
    ],
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    _item("Accueil", "home", "index", lambda request: True),
                    _item("Devis", "description", "quotes_quote_changelist", _QUOTES),
                    _item("Questions", "forum", "quotes_question_changelist", _QUOTES),
                    _item("Clients", "group", "quotes_customer_changelist", _CUSTOMERS),
                    _item("Catalogue", "sell", "quotes_catalogueitem_changelist", _CATALOGUE),
                    _item("Modèles", "library_books", "quotes_quotetemplate_changelist", _TEMPLATES),
                    _item(
                        "Signatures", "draw", "signing_signature_changelist", _may("signing.view_signature")
                    ),
                    _item(
                        "Acomptes", "payments", "payments_deposit_changelist", _may("payments.view_deposit")
                    ),
                ]
            },
            {
                "title": "Réglages",
                "separator": True,
                "items": [
                    _item("Entreprise", "storefront", "quotes_company_changelist", _COMPANY),
                    _item(
                        "À reprendre",
                        "restart_alt",
                        "notifications_queueentry_changelist",
                        _QUOTES,
                        badge="logisav.desk.stuck.page.count",
                    ),
                    _item("Mails", "mail", "notifications_outgoingemail_changelist", _MAILS),
                    {
                        "title": "État",
                        "icon": "monitor_heart",
                        "link": _address("health"),
                        "permission": _may("quotes.manage_all_quotes", "auth.change_user"),
                    },
                    _item("Comptes", "badge", "auth_user_changelist", _may("auth.view_user")),
                    _item(
                        "Journal du personnel",
                        "history",
                        "logisav_staffaction_changelist",
                        _may("logisav.view_staffaction"),
                    ),
                ],
            },
        ],
    },
}
