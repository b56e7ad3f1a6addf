"""Types of the columns, and the two times that are no times."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Positions in another array.
Rows = NDArray[np.intp]


#: Named columns, as a snapshot keeps them; strings by `text`.
Columns = dict[str, NDArray[Any]]

#: Before every sample. Half the range, so that a timeout can be added and a time subtracted without overflow.
NEVER = -(2**62)
#: After every timer, and the timeout of what has none.
FAR = 2**62


def text(lines: Iterable[str]) -> NDArray[np.uint8]:
    """Strings without line breaks as one column of bytes."""
    return np.frombuffer("".join(line + "\n" for line in lines).encode(), dtype=np.uint8)


def lines(column: NDArray[np.uint8]) -> list[str]:
    """The inverse of `text`."""
    return column.tobytes().decode().split("\n")[:-1]
