"""Which web area owns which path. What installers read is not here: serve answers it before Django is asked."""

from django.urls import include, path, re_path

from creamery.web import operations
from creamery.web.legacy import json_api, xmlrpc
from creamery.web.setup import views as setup

urlpatterns = [
    path("health/ready", operations.ready),
    path("metrics", operations.metrics),
    path("setup/<str:code>/", setup.first_person, name="setup"),
    path("pypi", xmlrpc.xmlrpc_door),
    path("pypi/", xmlrpc.xmlrpc_door),
    path("RPC2", xmlrpc.xmlrpc_door),
    re_path(r"^pypi/(?P<name>[^/]+)/(?P<version>[^/]+)/json/?$", json_api.release),
    path("", include("creamery.web.pages.urls")),
]

handler400 = "creamery.web.pages.errors.bad_request"
handler403 = "creamery.web.pages.errors.forbidden"
handler404 = "creamery.web.pages.errors.not_found"
handler500 = "creamery.web.pages.errors.broken"
