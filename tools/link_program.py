"""Put the checkout on the environment's path and the program ``backofficine`` in its bin folder.

A pth file and a short script do what ``pip install -e .`` does, without a build backend to
download.
"""

import sys
import sysconfig
from pathlib import Path

root = Path(__file__).resolve().parent.parent
Path(sysconfig.get_path("purelib"), "backofficine.pth").write_text(f"{root}\n", encoding="utf-8")
program = Path(sys.executable).parent / "backofficine"
# The guard matters: the server's workers are new processes that import this very script.
program.write_text(
    f"#!{sys.executable}\nimport sys\n\nfrom backofficine.cli import main\n\n"
    'if __name__ == "__main__":\n    sys.exit(main())\n',
    encoding="utf-8",
)
program.chmod(0o755)
