"""Which web area owns which path. What installers read is not here: serve answers it before Django is asked."""

from django.urls import include, path, re_path

from creamery.web import operations
from creamery.web.api.views import api
from creamery.web.legacy import for_programs, json_api, old_addresses, xmlrpc
from creamery.web.setup import views as setup

urlpatterns = [
    path("health/ready", operations.ready),
    path("metrics", operations.metrics),
    path("setup/<str:code>/", setup.first_person, name="setup"),
    path("account/", include("creamery.web.account.urls")),
    path("manage/", include("creamery.web.manage.urls")),
    path("staff/", include("creamery.web.staff.urls")),
    path("api/v1/", api.urls),
    path("robots.txt", for_programs.robots),
    path("opensearch.xml", for_programs.opensearch, name="opensearch"),
    path("favicon.ico", for_programs.favicon),
    path("stats/", for_programs.statistics, name="statistics"),
    path("RPC2", xmlrpc.xmlrpc_door),
    path("pypi", old_addresses.pypi),
    path("pypi/", old_addresses.pypi),
    re_path(r"^pypi/(?P<name>[^/]+)/json/?$", json_api.project),
    re_path(r"^pypi/(?P<name>[^/]+)/(?P<version>[^/]+)/json/?$", json_api.release),
    path("p/<str:name>/", old_addresses.project),
    re_path(r"^pypi/(?P<name>[^/]+)/?$", old_addresses.project),
    re_path(r"^pypi/(?P<name>[^/]+)/(?P<version>[^/]+)/?$", old_addresses.project),
    path("", include("creamery.web.pages.urls")),
]

handler400 = "creamery.web.pages.errors.bad_request"
handler403 = "creamery.web.pages.errors.forbidden"
handler404 = "creamery.web.pages.errors.not_found"
handler500 = "creamery.web.pages.errors.broken"
