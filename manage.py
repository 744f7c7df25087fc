#!/usr/bin/env python3
"""The one door to Agon: `up` starts it, `test` checks it, everything else is a Django command."""

import sys

USAGE = """Agon: a live human-preference arena that anyone can host.

  python3 manage.py up [--host 127.0.0.1] [--port 8000]   start everything on this machine
  python3 manage.py test [pytest arguments]               run every check, or only these tests
  python3 manage.py help                                  list the operator commands

The first run makes .venv and installs the pinned packages; it needs about 3 GB of disk.
"""


def main() -> None:
    """Set up what is missing, then hand over to the command."""
    if sys.version_info < (3, 11):  # noqa: UP036  # older ones must get as far as this line
        sys.exit(
            "Agon needs Python 3.11 or newer; this is Python %d.%d (%s)."  # noqa: UP031
            % (sys.version_info[0], sys.version_info[1], sys.executable)
        )
    command, arguments = (sys.argv[1:2] or ["--help"])[0], sys.argv[2:]
    if command in ("-h", "--help"):
        print(USAGE)
        return

    from deploy.embedded import setup

    setup.enter(sys.argv, with_tests=command == "test")
    if command == "up":
        from deploy.embedded import up

        sys.exit(up.main(arguments))
    if command == "test":
        from deploy.embedded import checks

        sys.exit(checks.main(arguments))
    from deploy.embedded import commands

    sys.exit(commands.main(sys.argv))


if __name__ == "__main__":
    main()
