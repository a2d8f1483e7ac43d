"""Put the checkout on the environment's path and the program ``backofficine`` in its bin folder.

A pth file and a three-line script do what ``pip install -e .`` does, without a build backend to
download.
"""

import sys
import sysconfig
from pathlib import Path

root = Path(__file__).resolve().parent.parent
Path(sysconfig.get_path("purelib"), "backofficine.pth").write_text(f"{root}\n", encoding="utf-8")
program = Path(sys.executable).parent / "backofficine"
program.write_text(
    f"#!{sys.executable}\nimport sys\n\nfrom backofficine.cli import main\n\nsys.exit(main())\n",
    encoding="utf-8",
)
program.chmod(0o755)
