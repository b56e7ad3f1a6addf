"""Files of the data directory that are nobody else's business."""

import os
import tempfile
from pathlib import Path


def write_private(path: Path, data: bytes) -> None:
    """As a whole or not at all, readable by its owner alone from the first moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
