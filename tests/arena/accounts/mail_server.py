"""A mail server of the standard library's sockets: takes what Django sends, and keeps it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


class Conversation(socketserver.StreamRequestHandler):
    """One client, in the words of RFC 5321."""

    def handle(self) -> None:
        """Answer each command until the client goes."""
        self.say("220 post.example.org")
        while line := self.rfile.readline():
            command = line[:4].upper()
            if command == b"DATA":
                self.say("354 go on")
                self.take()
            elif command == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def take(self) -> None:
        """Keep one message, which a line with a dot ends."""
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        cast("MailServer", self.server).letters.append(cast("EmailMessage", message))
        self.say("250 kept")

    def say(self, text: str) -> None:
        """Send a line."""
        self.wfile.write(f"{text}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.letters: list[EmailMessage] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a mail server meanwhile."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(timeout=10)
