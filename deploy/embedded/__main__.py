"""``python -m deploy.embedded``: fetch TimescaleDB and mosquitto unless this machine has both."""

import sys

from deploy.embedded import provision
from deploy.embedded.errors import EmbeddedError


def main() -> int:
    """Provision, and tell on standard error what cannot be done and why."""
    if provision.everything_found():
        print("TimescaleDB and mosquitto: this machine's own")
        return 0
    try:
        print(f"TimescaleDB and mosquitto: {provision.ensure()}")
    except (EmbeddedError, OSError) as refusal:
        print(f"embedded database and broker: {refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
