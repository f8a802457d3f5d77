"""Which web area owns which path. What installers read is not here: serve answers it before Django is asked."""

from django.urls import include, path

from creamery.web import operations
from creamery.web.setup import views as setup

urlpatterns = [
    path("health/ready", operations.ready),
    path("metrics", operations.metrics),
    path("setup/<str:code>/", setup.first_person, name="setup"),
    path("", include("creamery.web.pages.urls")),
]

handler400 = "creamery.web.pages.errors.bad_request"
handler403 = "creamery.web.pages.errors.forbidden"
handler404 = "creamery.web.pages.errors.not_found"
handler500 = "creamery.web.pages.errors.broken"
