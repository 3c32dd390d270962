from django.urls import path

from payments import views, webhooks

app_name = "payments"
urlpatterns = [
    path("devis/<str:public_id>/acompte/carte/", views.pay, name="pay"),
    path("devis/<str:public_id>/acompte/retour/", views.returned, name="returned"),
    path("devis/<str:public_id>/acompte/annule/", views.cancelled, name="cancelled"),
    path("devis/<str:public_id>/acompte/virement/", views.announce, name="announce"),
    path("stripe/webhook/", webhooks.stripe_webhook, name="webhook"),
]
