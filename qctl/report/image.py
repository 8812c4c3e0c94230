"""A scan over two axes as a small PNG inside the page."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

# Dark blue over green to yellow: lightness rises evenly, so that grey prints and colour-blind readers see the same.
_COLOURS = np.array(
    [(37, 22, 84), (48, 74, 137), (34, 124, 142), (46, 170, 120), (132, 208, 75), (250, 230, 60)], float
)
_MISSING = (128, 128, 128)


def png_address(image: NDArray[np.float64]) -> str:
    """Return ``data:`` address of an image whose row 0 is at the bottom; NaN is grey."""
    finite = np.isfinite(image)
    low, high = (float(image[finite].min()), float(image[finite].max())) if finite.any() else (0.0, 1.0)
    share = np.where(finite, (image - low) / (high - low or 1.0), 0.0) * (len(_COLOURS) - 1)
    below = np.clip(share.astype(int), 0, len(_COLOURS) - 2)
    mixed = _COLOURS[below] + (share - below)[..., None] * (_COLOURS[below + 1] - _COLOURS[below])
    pixels = np.where(finite[..., None], mixed, _MISSING).astype(np.uint8)[::-1]
    return "data:image/png;base64," + base64.b64encode(_png(pixels)).decode()


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """Return a file of 8-bit RGB (PNG specification, third edition, sections 5 and 11)."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
