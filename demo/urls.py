from django.urls import path

from demo import views

app_name = "demo"
urlpatterns = [
    path("", views.home, name="home"),
    path("demo/mails/", views.mails, name="mails"),
    path("demo/mails/<slug:name>/", views.mail, name="mail"),
    path("demo/mails/<slug:name>/html/", views.body, name="body"),
    path("demo/mails/<slug:name>/<int:index>/", views.attachment, name="attachment"),
]
