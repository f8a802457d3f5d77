"""The addresses of the staff's desk."""

from django.urls import path

from creamery.web.staff import views

app_name = "staff"

urlpatterns = [path("", views.home, name="home")]
