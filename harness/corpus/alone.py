"""A file that one process at a time adds to, whatever ends that process."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

from harness.errors import BadInput

if sys.platform != "win32":
    import fcntl


def opened_alone(path: Path) -> BinaryIO:
    """Open a file to add to it; as long as it is open nobody else opens it so. File systems without locks have none.

    Raises:
        BadInput: another run has it open.
        OSError: it cannot be opened.
    """
    file = path.open("ab")
    if sys.platform == "win32":
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise BadInput(f"{path.parent}: is being filled by another run; wanted one at a time") from None
    except OSError:
        pass  # such as some network drives
    return file
