"""What a customer may write on a quote's pages: a question, a refusal."""

from __future__ import annotations

from typing import Any

from django import forms

from lib.fields import CodeField, OneLineField, ParagraphsField, PhoneField

TOO_SHORT = "Écrivez au moins %(limit_value)d caractères, pour que nous comprenions votre question."
TOO_LONG = "Ce texte est trop long\u00a0: %(limit_value)d caractères au plus, il en a %(show_value)d."
PARAGRAPHS = {"class": "input", "rows": 5}


class QuestionForm(forms.Form):
    text = ParagraphsField(
        label="Votre message",
        help_text="Votre interlocuteur le reçoit par mail, et vous répond ici et par mail.",
        min_length=10,
        max_length=4000,
        widget=forms.Textarea(attrs=PARAGRAPHS),
        error_messages={
            "required": "Écrivez votre message.",
            "min_length": TOO_SHORT,
            "max_length": TOO_LONG,
        },
    )
    phone = PhoneField(
        label="Téléphone",
        help_text="Si vous préférez être rappelé.",
        required=False,
        max_length=40,
    )


class WithdrawalForm(forms.Form):
    """Name and address for the receipt; the contract is the page's own, and no reason is asked."""

    name = OneLineField(
        label="Votre nom",
        max_length=200,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "name"}),
        error_messages={"required": "Indiquez votre nom."},
    )
    email = forms.EmailField(
        label="Adresse mail pour l'accusé de réception",
        widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "email"}),
        error_messages={
            "required": "Indiquez l'adresse qui recevra l'accusé de réception.",
            "invalid": "Cette adresse mail n'est pas complète.",
        },
    )


class OpenWithdrawalForm(WithdrawalForm):
    """From whoever holds no link: the address is theirs to give, and may be left out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = False
        self.fields["email"].help_text = "L'adresse connue du contrat reçoit l'accusé de toute façon."


class NamedWithdrawalForm(OpenWithdrawalForm):
    number = OneLineField(
        label="Numéro du devis",
        help_text="Il commence par D-, en haut du devis et dans nos mails.",
        max_length=40,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
        error_messages={"required": "Indiquez le numéro du devis, par exemple\u00a0: D-2026-0148."},
    )
    field_order = ("number", "name", "email")


class WithdrawalCodeForm(forms.Form):
    code = CodeField()


class RefuseForm(forms.Form):
    reason = ParagraphsField(
        label="Votre raison",
        help_text="Elle nous aide à mieux vous répondre une autre fois.",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs=PARAGRAPHS),
        error_messages={"max_length": TOO_LONG},
    )
