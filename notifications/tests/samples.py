"""A complete context for every mail: what these templates ask of whoever queues them."""

from __future__ import annotations

from typing import Any

COMPANY = {
    "name": "Thermo Rhône",
    "phone": "04\u00a065\u00a071\u00a008\u00a042",
    "phone_address": "+33465710842",
    "email": "contact@thermo-rhone.example",
    "legal_line": (
        "Thermo Rhône, SARL au capital de 20\u202f000\u00a0€, 18 quai des Tanneurs, 69009 Lyon. "
        "SIRET 912\u00a0345\u00a0670\u00a000014."
    ),
    "band": "#0a4656",
    "accent": "#0c5a6e",
    "on_accent": "#ffffff",
    "accent_dark": "#93cbdc",
    "on_accent_dark": "#0c1d23",
}
TO_ALL = {
    "company": COMPANY,
    "number": "D-2026-0148",
    "title": "Remplacement d'une chaudière gaz par une pompe à chaleur air/eau",
    "owner": "Julien Faure",
}
TO_CUSTOMER = {**TO_ALL, "greeting": "Bonjour Madame\u00a0Morel"}
TO_OWNER = {
    **TO_ALL,
    "customer": "Mme\u00a0Claire\u00a0Morel",
    "admin_url": "https://devis.thermo-rhone.example/admin/quotes/quote/148/change/",
}
OFFER = {"total": "11\u202f126,53\u00a0€", "valid_until": "20\u00a0décembre\u00a02026"}
LINK = {"link_until": "25\u00a0novembre\u00a02026, 14\u00a0h\u00a032"}
SIGNED = {"signatory": "Claire Morel", "signed_at": "24\u00a0novembre\u00a02026, 14\u00a0h\u00a035"}
DEPOSIT = {
    "deposit": "3\u202f337,96\u00a0€",
    "deposit_label": "Acompte, à partir du 7\u00a0décembre\u00a02026",
}
WITHDRAWN = {
    "came_with_link": True,
    "answer_until": "5\u00a0décembre\u00a02026, 18\u00a0h\u00a005",
    "declared_at": "2\u00a0décembre\u00a02026 à 18\u00a0h\u00a005\u00a0min\u00a009\u00a0s",
    "refund_by": "16\u00a0décembre\u00a02026",
    "received": "Déclaration reçue le 2\u00a0décembre\u00a02026 à 18\u00a0h\u00a005 (heure de Paris).",
    "signed_on": "24\u00a0novembre\u00a02026",
    "asked_early_start": True,
    "goods": True,
    "declaration": "Je soussigné(e) Claire Morel renonce au contrat D-2026-0148, «\u00a0Pompe à chaleur\u00a0».",
}
QUESTION = "Bonjour,\nle ballon de 200 litres tient-il dans le placard ?\nLa porte fait 62 cm."
WORDS = "Comme convenu au téléphone, voici notre proposition.\n\nLe ballon de 200 litres est compris."
ANSWER = "Oui, il fait 58 cm de large.\n\nNous le passons par la porte sans la démonter."

CONTEXTS: dict[str, dict[str, Any]] = {
    "quotes/link": {**TO_CUSTOMER, **OFFER, **LINK, "words": WORDS},
    "quotes/new_link": {**TO_CUSTOMER, **LINK},
    "quotes/new_version": {
        **TO_CUSTOMER,
        **OFFER,
        **LINK,
        "changes": [
            "Total TTC : 11\u202f126,53\u00a0€ au lieu de 11\u202f480,00\u00a0€.",
            "Ligne ajoutée : « Dépose de la cuve ».",
        ],
    },
    "quotes/reminder": {**TO_CUSTOMER, **OFFER, **LINK},
    "quotes/expiring_owner": {**TO_OWNER, **OFFER},
    "quotes/question_owner": {**TO_OWNER, "text": QUESTION, "phone": "06\u00a012\u00a034\u00a056\u00a078"},
    "quotes/question_received": {**TO_CUSTOMER, "text": QUESTION},
    "quotes/answer": {**TO_CUSTOMER, **LINK, "question": QUESTION, "text": ANSWER},
    "quotes/refused_owner": {**TO_OWNER, "reason": "Nous avons choisi une autre entreprise."},
    "quotes/refused": {**TO_CUSTOMER, "reason": "Nous avons choisi une autre entreprise."},
    "quotes/declared": {**TO_CUSTOMER, **WITHDRAWN},
    "quotes/declared_copy": {"company": COMPANY, **WITHDRAWN},
    "quotes/declared_owner": {**TO_OWNER, **WITHDRAWN},
    "quotes/declared_again_owner": {**TO_OWNER, **WITHDRAWN},
    "quotes/withdrawal_code": {**TO_CUSTOMER, "code_until": "18\u00a0h\u00a015"},
    "quotes/delivered": {
        **TO_CUSTOMER,
        "delivered_on": "11\u00a0janvier\u00a02027",
        "last_day": "25\u00a0janvier\u00a02027",
        "function": "https://devis.thermo-rhone.example/devis/abc/retractation/",
    },
    "quotes/disowned": {**TO_CUSTOMER, **WITHDRAWN},
    "quotes/disowned_owner": {**TO_OWNER, **WITHDRAWN},
    "quotes/withdrawn": {**TO_CUSTOMER, **WITHDRAWN},
    "quotes/withdrawn_owner": {**TO_OWNER, **WITHDRAWN},
    "quotes/choice_failed_owner": {**TO_OWNER, "reason": "Le PDF n'a pas pu être fait : plus de 200 pages."},
    "quotes/sending_failed_owner": {**TO_OWNER, "reason": "Le PDF n'a pas pu être fait : plus de 200 pages."},
    "quotes/version_lost_owner": {
        **TO_OWNER,
        "version": "2",
        "reason": "Le fichier versions/3f9a.pdf est perdu\u00a0: aucune sauvegarde ne l'a.",
    },
    "quotes/stuck_owner": {
        **TO_OWNER,
        "what": "La relance automatique du client n'a pas pu partir.",
        "effect": "Le client n'a rien reçu.",
        "to_do": "Relancez le client vous-même.",
        "reason": "OSError: [Errno 28] No space left on device",
    },
    "signing/code": {**TO_CUSTOMER, **OFFER, **DEPOSIT, "version": "1", "code_until": "14\u00a0h\u00a042"},
    "signing/accepted_owner": {
        **TO_OWNER,
        **OFFER,
        **DEPOSIT,
        **SIGNED,
        "meant_for": "Mme\u00a0Odette\u00a0Aubert",
    },
    "signing/accepted": {
        **TO_CUSTOMER,
        **OFFER,
        **DEPOSIT,
        **SIGNED,
        "version": "1",
        "quote_url": "https://devis.thermo-rhone.example/devis/7hq2Zk/",
        "can_withdraw": True,
        "until": "jusqu'à 14\u00a0jours après la livraison du matériel",
        "function": "https://devis.thermo-rhone.example/devis/7hq2Zk/retractation/",
    },
    "signing/sealing_late": {
        **TO_CUSTOMER,
        **SIGNED,
        "quote_url": "https://devis.thermo-rhone.example/devis/7hq2Zk/",
    },
    "signing/contradiction_owner": {"of_the_visit": False, **TO_OWNER, "said": "Professionnel, à distance"},
    "signing/paused_owner": TO_OWNER,
    "signing/stamp_missing_owner": {**TO_OWNER, **SIGNED, "reason": "horodatage.example\u00a0: injoignable"},
}

QUOTE_URL = {"quote_url": "https://devis.thermo-rhone.example/devis/7hq2Zk/"}
MONEY = {
    "deposit_amount": "3\u202f337,96\u00a0€",
    "remaining": "1\u202f337,96\u00a0€",
    "reference": "RF29 D202 6014 8",
}
PAYMENT = {
    **MONEY,
    "amount": "2\u202f000,00\u00a0€",
    "means": "Carte, se termine par 4242",
    "card_holder": "Claire Morel",
    "paid_on": "24\u00a0novembre\u00a02026, 14\u00a0h\u00a047",
    "fallen": "rétracté",
    "opens_on": "",
}
RECEIPT = {
    **PAYMENT,
    "vat_parts": [
        {"label": "Dont HT", "value": "1\u202f818,18\u00a0€"},
        {"label": "Dont TVA 10\u00a0%", "value": "181,82\u00a0€"},
    ],
}
CONTEXTS |= {
    "payments/receipt": {**TO_CUSTOMER, **QUOTE_URL, **RECEIPT},
    "payments/transfer_received": {**TO_CUSTOMER, **QUOTE_URL, **RECEIPT},
    "payments/pending": {**TO_CUSTOMER, **QUOTE_URL, **PAYMENT},
    "payments/failed": {**TO_CUSTOMER, **QUOTE_URL, **PAYMENT},
    "payments/reminder": {**TO_CUSTOMER, **QUOTE_URL, **MONEY},
    "payments/open_now": {**TO_CUSTOMER, **QUOTE_URL, **MONEY},
    "payments/refunded": {**TO_CUSTOMER, **QUOTE_URL, **PAYMENT},
    "payments/paid_owner": {**TO_OWNER, **PAYMENT},
    "payments/transfer_announced_owner": {**TO_OWNER, **MONEY},
    "payments/overpaid_owner": {
        **TO_OWNER,
        **PAYMENT,
        "received": "5\u202f000,00\u00a0€",
        "excess": "1\u202f662,04\u00a0€",
    },
    "payments/set_aside_owner": {**TO_OWNER, **PAYMENT, "difference": "devise USD au lieu de EUR"},
    "payments/card_refused_owner": {**TO_OWNER, **PAYMENT, "difference": "AuthenticationError"},
    "payments/refund_failed_owner": {**TO_OWNER, **PAYMENT},
    "payments/disputed_owner": {**TO_OWNER, **PAYMENT, "standing": "Contesté"},
    "payments/unknown_owner": {
        "company": COMPANY,
        "event": "evt_1Qx7hq2Zk",
        "difference": "paiement inconnu de Logisav",
        "admin_url": "https://devis.thermo-rhone.example/admin/",
    },
}

TO_STAFF = {"company": COMPANY, "name": "Sophie Garnier", "username": "sophie@thermo-rhone.example", **LINK}
CONTEXTS |= {
    "logisav/invitation": {
        **TO_STAFF,
        "by": "Julien Faure",
        "role": "comptable",
        "about_role": "lit tout, enregistre les virements et les remboursements",
    },
    "logisav/reset": {**TO_STAFF, "by": "Julien Faure"},
    "logisav/account": {
        **TO_STAFF,
        "fact": "La double vérification de votre compte vient d'être activée.",
        "admin_url": "https://devis.thermo-rhone.example/admin/",
    },
}

ACCESS_LINK = "https://devis.thermo-rhone.example/l/Wk3vJtV0hY1mM2q8bqX5c9d7e6f4a3b2c1d0EFGHIJK/"
SECRETS: dict[str, dict[str, str]] = {
    "quotes/link": {"link": ACCESS_LINK},
    "quotes/new_link": {"link": ACCESS_LINK},
    "quotes/new_version": {"link": ACCESS_LINK},
    "quotes/reminder": {"link": ACCESS_LINK},
    "quotes/answer": {"link": ACCESS_LINK},
    "quotes/declared": {"page": f"{ACCESS_LINK}retractation/"},
    "quotes/withdrawal_code": {"code": "418205"},
    "signing/code": {"code": "418205"},
    "logisav/invitation": {"link": ACCESS_LINK},
    "logisav/reset": {"link": ACCESS_LINK},
}
