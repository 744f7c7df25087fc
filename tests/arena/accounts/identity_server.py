"""A small OpenID Connect provider of its own process's thread: signs who somebody is."""

from __future__ import annotations

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "agon", "only the two of us know"


class Answers(BaseHTTPRequestHandler):
    """The endpoints of OpenID Connect Discovery 1.0 and Core 1.0 (code flow)."""

    @property
    def provider(self) -> IdentityServer:
        """The server that this request came to."""
        return cast("IdentityServer", self.server)

    def do_GET(self) -> None:
        """Describe the provider, or send the person back with a code."""
        place = urlsplit(self.path)
        if place.path == "/.well-known/openid-configuration":
            self.send(self.provider.description())
        elif place.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(place.query).items()}
            self.provider.asked = asked
            back = urlencode({"code": "a-code", "state": asked["state"]})
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri']}?{back}")
            self.end_headers()
        elif place.path == "/userinfo":
            self.send(self.provider.claims)
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """Give the signed word for the code."""
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if sent.get("client_secret") != [SECRET] or sent["code"] != ["a-code"]:
            self.send({"error": "invalid_client"}, status=401)
            return
        self.provider.verifiers.append(sent["code_verifier"][0])
        self.send(
            {"access_token": "a-token", "token_type": "Bearer", "id_token": self.provider.word()}
        )

    def send(self, body: dict[str, Any], status: int = 200) -> None:
        """Answer with JSON."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Say nothing."""


class IdentityServer(ThreadingHTTPServer):
    """Vouches for one person, Ada; `claims` and `audience` may be changed by a test."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.claims = {"sub": "ada-7", "name": "Ada Lovelace", "email": "ada@example.org"}
        self.audience = CLIENT
        self.asked: dict[str, str] = {}
        self.verifiers: list[str] = []

    def description(self) -> dict[str, Any]:
        """What Discovery says of this provider."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def word(self) -> str:
        """The signed id_token."""
        now = int(time.time())
        said = {"iss": self.url, "aud": self.audience, "iat": now, "exp": now + 60, **self.claims}
        nonce = urlsafe_b64encode(b"one").decode()
        return jwt.encode({**said, "nonce": nonce}, self.key, algorithm="RS256")


@contextmanager
def identity_server() -> Iterator[IdentityServer]:
    """Run a provider meanwhile."""
    with IdentityServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(timeout=10)
