"""Where the embedded services keep their files and at which addresses they are reached.

Everything lives under one folder (`var/`, or the folder named by AGON_VAR). Only the standard
library is used: settings, the launchers and `manage.py` all read the same answers from here.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

REPOSITORY = Path(__file__).resolve().parents[2]

# sockaddr_un.sun_path holds 108 bytes with the closing zero (unix(7)).
SOCKET_PATH_LIMIT_BYTES = 107
POSTGRES_SOCKET_NAME = ".s.PGSQL.5432"
VALKEY_SOCKET_NAME = "valkey.sock"
DATABASE_NAME = "agon"


class PlaceUnusable(RuntimeError):
    """The data folder cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Places:
    """The files of one embedded installation, all derived from its data folder."""

    var: Path

    @classmethod
    def from_environment(cls) -> Places:
        """Name the data folder: AGON_VAR when set, else `var/` in the repository."""
        return cls(Path(os.environ.get("AGON_VAR") or REPOSITORY / "var").absolute())

    @property
    def postgres_data(self) -> Path:
        """Return PostgreSQL's data directory."""
        return self.var / "postgres"

    @property
    def valkey_data(self) -> Path:
        """Return the folder of Valkey's snapshot and append-only file."""
        return self.var / "valkey"

    @property
    def storage(self) -> Path:
        """Return the folder of stored media when STORAGE_URL is not set."""
        return self.var / "storage"

    @property
    def logs(self) -> Path:
        """Return the folder with one log file for each child."""
        return self.var / "log"

    @property
    def secret_key(self) -> Path:
        """Return the file that holds the generated SECRET_KEY."""
        return self.var / "secret_key"

    @property
    def ledger_key(self) -> Path:
        """Return the file that holds the generated LEDGER_KEY."""
        return self.var / "ledger_key"

    @property
    def lock(self) -> Path:
        """Return the file that a running `up` keeps locked; it holds its process number."""
        return self.var / "up.lock"

    @property
    def sockets(self) -> Path:
        """Return the folder of both sockets: `var/s`, or a private temporary one in need."""
        usual = self.var / "s"
        longest = usual / (POSTGRES_SOCKET_NAME + ".lock")
        # libpq reads a comma as the end of one host's name, PostgreSQL a quote as that of a path.
        is_plain = not {",", '"'} & set(str(usual))
        if is_plain and len(os.fsencode(longest)) <= SOCKET_PATH_LIMIT_BYTES:
            return usual
        digest = hashlib.sha256(os.fsencode(self.var)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"agon-{os.getuid()}-{digest}"

    @property
    def valkey_socket(self) -> Path:
        """Return the path of Valkey's socket."""
        return self.sockets / VALKEY_SOCKET_NAME

    @property
    def database_url(self) -> str:
        """Return the address of the embedded PostgreSQL."""
        return f"postgresql://agon@/{DATABASE_NAME}?host={quote(str(self.sockets), safe='')}"

    @property
    def redis_url(self) -> str:
        """Return the address of the embedded Valkey."""
        return f"unix://{quote(str(self.valkey_socket))}?db=0"

    @property
    def storage_url(self) -> str:
        """Return the address of the media folder."""
        return f"file://{quote(str(self.storage))}"

    def prepare(self) -> None:
        """Create the data folder and its sub-folders.

        Raises PlaceUnusable when something else stands in the way or it cannot be written.
        """
        for folder in (self.var, self.logs, self.storage, self.sockets):
            # PostgreSQL may have to run as another user (postgres.find_identity), who passes
            # through `var`; what lies in it is private.
            mode = 0o711 if folder == self.var else 0o700
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=mode)
            except FileExistsError:
                raise PlaceUnusable(
                    f"{folder} is a file, but Agon keeps its data in a folder of that name; "
                    f"move the file away, or set AGON_VAR to another folder"
                ) from None
            except OSError as error:
                raise PlaceUnusable(
                    f"{folder} cannot be created: {error.strerror}; "
                    f"fix its permissions, or set AGON_VAR to another folder"
                ) from error
            self._check_writable(folder)
        if self.sockets.parent != self.var:
            self._check_private(self.sockets)

    @staticmethod
    def _check_private(folder: Path) -> None:
        """Refuse a folder among temporary files that somebody else laid out for us."""
        status = folder.lstat()
        # As root we may have lent it to the user of PostgreSQL.
        is_ours = os.getuid() in {0, status.st_uid} and stat.S_ISDIR(status.st_mode)
        if not is_ours or status.st_mode & 0o077:
            raise PlaceUnusable(
                f"{folder} is not a private folder of user {os.getuid()}; remove it, or set "
                f"AGON_VAR to a folder with a shorter and plainer path"
            )

    @staticmethod
    def _check_writable(folder: Path) -> None:
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise PlaceUnusable(
                f"{folder} cannot be written: {error.strerror}; "
                f"fix its permissions or free some space, or set AGON_VAR to another folder"
            ) from error

    def read_or_make_secret_key(self) -> str:
        """Return the installation's SECRET_KEY; generate it once, readable by its owner only."""
        try:
            descriptor = os.open(self.secret_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            secret = self.secret_key.read_text().strip()
            if len(secret) < 50:
                raise PlaceUnusable(
                    f"{self.secret_key} holds {len(secret)} characters, at least 50 are needed; "
                    f"restore it from a backup, or delete it (everyone is then signed out)"
                ) from None
            return secret
        secret = secrets.token_urlsafe(50)
        with os.fdopen(descriptor, "w") as file:
            file.write(secret + "\n")
        return secret

    def make_ledger_key(self) -> None:
        """Generate the installation's LEDGER_KEY once, readable by its owner only."""
        try:
            descriptor = os.open(self.ledger_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return
        with os.fdopen(descriptor, "w") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
