"""A text as a QR code."""

from __future__ import annotations

import cv2
import numpy as np

QUIET_MODULES, PIXELS = 4, 5


def qr_code(text: str) -> bytes:
    """A QR code as PNG, with the quiet zone that ISO/IEC 18004 asks for.

    Parameters
    ----------
    text : str
        In ASCII, at most some hundred characters.

    Examples
    --------
    >>> qr_code("otpauth://totp/tracker:Ann?secret=ABC")[1:4]
    b'PNG'
    """
    modules = cv2.QRCodeEncoder.create().encode(text)  # already with a border, whose width is no promise
    rows, columns = np.nonzero(modules == 0)
    modules = modules[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    bordered = np.pad(modules, QUIET_MODULES, constant_values=255)
    big = np.kron(bordered, np.ones((PIXELS, PIXELS), dtype=np.uint8))
    return cv2.imencode(".png", big)[1].tobytes()
