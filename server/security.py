"""The guard before routing: who may ask, and the headers of every answer.

Any page open in the user's browser can send requests to this port, through a rebound DNS name even with no
trace of where they came from. So a request must name this very host, come from this very page or from no
page at all, and carry the token for everything that tells of the recording. All else is refused, whatever
its method or path.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .answers import JSON, Refusal, refusal_body

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Write = Callable[[bytes], object]
METHODS = ("GET", "HEAD")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
PUBLIC = re.compile(
    r"/|/graph\.css|/static/[\s\S]*"
)  # tells nothing of the recording; all else needs the token
TOKEN_HEADER = "HTTP_X_GRADVIZ_TOKEN"
_IMPORT_MAP = re.compile(rb'<script type="importmap"[^>]*>(.*?)</script>', re.DOTALL)
_LOG_IN = (
    "Open the address that gradviz printed in the terminal, with everything after the # sign; "
    "each run of gradviz has its own. From a program, send it as the header X-Gradviz-Token."
)


def hosts_of(host: str, port: int) -> frozenset[str]:
    """The values of the Host header that mean this server: loopback, and the host that was chosen."""
    names = {*LOOPBACK, bracketed(host).lower()}
    with_port = {f"{name}:{port}" for name in names}
    return frozenset(with_port | names if port == 80 else with_port)


def bracketed(host: str) -> str:
    """Write a host as it stands in a URL: IPv6 in brackets."""
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host


def content_policy(page: bytes) -> str:
    """The content security policy: this server's own modules and styles, and the page's one import map."""
    inline = [base64.b64encode(hashlib.sha256(text).digest()).decode() for text in _IMPORT_MAP.findall(page)]
    scripts = " ".join(["'self'", *(f"'sha256-{digest}'" for digest in inline)])
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types gradviz"
    )


class Guard:
    """A WSGI application around the real one, that nothing gets past unseen."""

    def __init__(self, app: WSGIApplication, *, hosts: frozenset[str], token: str, policy: str) -> None:
        self.app, self.hosts, self.token = app, hosts, token.encode()
        headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Embedder-Policy": "require-corp",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), usb=()",
        }
        self.headers = [(name.lower(), (name, value)) for name, value in headers.items()]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, or refuse it before it reaches a route."""

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Write:
            said = {name.lower() for name, _ in headers}
            added = [header for name, header in self.headers if name not in said]
            return start_response(status, headers + added, exc_info)

        refused = self.refusal(environ)
        if refused is None:
            return self.app(environ, start)
        body = refusal_body(refused)
        start(refused.line, [*refused.headers, ("Content-Type", JSON), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def refusal(self, environ: WSGIEnvironment) -> Refusal | None:
        """Say why a request is refused; None if it is not."""
        host = environ.get("HTTP_HOST")
        if host not in self.hosts:
            return Refusal(403, "This host name is not the server's.", f"Use http://{min(self.hosts)}/.")
        if not environ.get("REQUEST_URI", "/").startswith("/"):
            return Refusal(400, "The address of a request is a path, such as /api/recording.")
        if environ.get("HTTP_ORIGIN") not in (None, f"http://{host}"):
            return Refusal(403, "Pages of other origins may not ask this server.")
        if environ.get("HTTP_SEC_FETCH_SITE") not in (None, "same-origin", "none"):
            return Refusal(403, "Other sites may not ask this server.", "Open it from the terminal.")
        if not PUBLIC.fullmatch(environ["PATH_INFO"]) and not self._knows(environ.get(TOKEN_HEADER, "")):
            return Refusal(401, "The token is missing, wrong, or from another run.", _LOG_IN)
        if environ["REQUEST_METHOD"] not in METHODS:
            allow = ("Allow", ", ".join(METHODS))
            return Refusal(405, "This server answers GET and HEAD: it changes nothing.", headers=(allow,))
        if environ.get("CONTENT_LENGTH") not in (None, "", "0"):
            return Refusal(413, "A request to this server has no body.")
        return None

    def _knows(self, sent: str) -> bool:
        return hmac.compare_digest(sent.encode("utf-8", "surrogatepass"), self.token)
