"""``python -m deploy.embedded``: fetch TimescaleDB and mosquitto unless this machine has both; ``--remove`` them."""

import sys

from deploy.embedded import provision
from deploy.embedded.errors import EmbeddedError


def main(arguments: list[str]) -> int:
    """Provision or remove, and tell on standard error what cannot be done and why."""
    if arguments == ["--remove"]:
        kept = provision.remove()
        if kept:
            print(f"kept, as other clones may use it: {kept}")
    elif arguments:
        print(f"unknown: {' '.join(arguments)}; only --remove is known", file=sys.stderr)
        return 2
    elif provision.everything_found():
        print("TimescaleDB and mosquitto: this machine's own")
    else:
        return _provide()
    return 0


def _provide() -> int:
    try:
        print(f"TimescaleDB and mosquitto: {provision.ensure()}")
    except (EmbeddedError, OSError) as refusal:
        print(f"embedded database and broker: {refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
