"""Somebody with a browser, in front of the application inside this process: keeps cookies, fills forms, follows redirects."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.factories import PASSWORD
from tests.real.inside import Answer, Inside

_HIDDEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Visitor:
    """One browser."""

    inside: Inside
    address: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        """Open a page; a redirect is not followed."""
        return self._send("GET", path)

    def send(self, path: str, fields: Mapping[str, str], *, form_at: str | None = None) -> Answer:
        """Open the page, or the other one that has the form, fill it and send it; a redirect is not followed."""
        page = self.get(form_at or path)
        hidden = _HIDDEN.search(page.text)
        assert hidden is not None, page
        return self._send("POST", path, {"csrfmiddlewaretoken": hidden[1], **fields})

    def follow(self, answer: Answer) -> Answer:
        """Go where a redirect leads."""
        assert answer.status == 302, answer
        return self.get(answer.header("location"))

    def log_in(self, username: str, password: str = PASSWORD, **more: str) -> Answer:
        """Log in; a browser that has had a form before does not open this one anew, to be quick."""
        fields = {"username": username, "password": password, **more}
        if "csrf" not in self.cookies:
            return self.send("/account/log-in/", fields)
        return self._send("POST", "/account/log-in/", {"csrfmiddlewaretoken": self.cookies["csrf"], **fields})

    def copy(self) -> "Visitor":
        """Take the cookies to another browser, as a thief would."""
        return replace(self, cookies=dict(self.cookies))

    def _send(self, method: str, path: str, fields: Mapping[str, str] | None = None) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"cookie": cookie} if cookie else {}
        body = b""
        if fields is not None:
            headers["content-type"], body = "application/x-www-form-urlencoded", urlencode(fields).encode()
        answer = self.inside.send(method, path, headers=headers, body=body, address=self.address)
        for name, value in answer.headers:
            if name == "set-cookie":
                for morsel in SimpleCookie(value).values():
                    self._keep(morsel.key, morsel.value)
        return answer

    def _keep(self, name: str, value: str) -> None:
        if value:
            self.cookies[name] = value
        else:
            self.cookies.pop(name, None)
