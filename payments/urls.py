from django.urls import path

from payments import pages, webhooks

app_name = "payments"
urlpatterns = [
    path("devis/<str:public_id>/acompte/carte/", pages.pay, name="pay"),
    path("devis/<str:public_id>/acompte/retour/", pages.returned, name="returned"),
    path("devis/<str:public_id>/acompte/annule/", pages.cancelled, name="cancelled"),
    path("devis/<str:public_id>/acompte/virement/", pages.announce, name="announce"),
    path("devis/<str:public_id>/acompte/virement.png", pages.transfer_picture, name="transfer_picture"),
    path("stripe/webhook/", webhooks.stripe_webhook, name="webhook"),
]
