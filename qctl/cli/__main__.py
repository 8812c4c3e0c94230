"""``python -m qctl.cli`` is ``qctl``."""

from qctl.cli import main

main()
