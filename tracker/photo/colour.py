"""Stored colours → sRGB, 8 bits per channel, exactly once; transparency, depth and greyscale by the way.

Runs in the child process. Whether a profile is needed is decided by what it does to colours, not by its name.
"""

from __future__ import annotations

import hashlib
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

SIXTEEN_BIT_GREY = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})

_IGNORED = "Its colour profile could not be used, so its colours were taken as sRGB."
_GREYSCALE = "The photo is greyscale: colour is not measured."
_LARGEST_PROFILE = 4_000_000
_CMS_FAULTS = (ImageCms.PyCMSError, OSError, ValueError, TypeError)
_STRIP = 1 << 20
#: A profile that moves no colour by more than this is sRGB under some name; converting would only add rounding.
_SAME_AS_SRGB = 2
#: What a usable profile may do to white, and to the balance of greys, in 8-bit steps. Scanners come near this.
_DARKEST_WHITE, _TINT_OF_WHITE, _TINT_OF_GREY = 235, 10, 24


def without_transparency(image: Image.Image, notes: list[str]) -> Image.Image:
    """Make every pixel that is not opaque black, which no metric takes for skin; a blend would still be measured."""
    if image.mode not in ("RGBA", "LA", "PA") and "transparency" not in image.info:
        return image
    rgba = image.convert("RGBA")
    alpha, flat = rgba.getchannel("A"), rgba.convert("RGB")
    if alpha.getextrema() == (255, 255):
        return flat
    notes.append("Transparent parts were set on black and are not measured.")
    rgb = np.array(flat)
    rgb[np.asarray(alpha) < 255] = 0
    return Image.fromarray(rgb)


def paint(image: Image.Image, rgb: NDArray[np.uint8], notes: list[str]) -> bool:
    """Bring the pixels of a decoded picture into `rgb`, not yet converted, and return whether they have colour.

    Parameters
    ----------
    image : Image
        Of any mode that is read.
    rgb : ndarray, shape (H, W, 3), uint8
        Written to.
    notes : list of str
        What was done is added.
    """
    if image.mode in SIXTEEN_BIT_GREY:
        notes.append("The file is 16-bit greyscale: it was scaled to 8 bits, and colour is not measured.")
        rgb[...] = _eight_bits(np.asarray(image))[..., None]
        return False
    if image.mode in ("1", "L", "LA"):
        notes.append(_GREYSCALE)
        rgb[...] = np.asarray(without_transparency(image, notes).convert("L"))[..., None]
        return False
    few = image.mode in ("P", "PA")
    if few:
        notes.append("The file has a palette of few colours: colour is not measured.")
    flat = without_transparency(image, notes)
    rgb[...] = np.asarray(flat if flat.mode == "RGB" else flat.convert("RGB"))
    return not few


def paint_grey(grey: NDArray[np.uint8], rgb: NDArray[np.uint8], notes: list[str]) -> None:
    """The same for a greyscale picture that is already decoded, shape (H, W)."""
    notes.append(_GREYSCALE)
    rgb[...] = grey[..., None]


def _eight_bits(wide: NDArray[np.generic]) -> NDArray[np.uint8]:
    return np.clip((wide.astype(np.uint32) + 128) // 257, 0, 255).astype(np.uint8)


def is_grey(rgb: NDArray[np.uint8]) -> bool:
    """Whether a picture stored in colour shows none."""
    sample = rgb[::8, ::8].astype(np.int16)
    return bool(np.ptp(sample, axis=2).max() <= 2)


def convert_to_srgb(rgb: NDArray[np.uint8], icc: object, notes: list[str]) -> str:
    """Convert pixels in place by their ICC profile, and return its name; ``"sRGB"`` if none was stated or usable.

    Relative colorimetric with black point compensation, as photo programs do it.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        In the colours of the profile; afterwards sRGB.
    icc : bytes or None
        The profile as the file carries it.
    notes : list of str
        What was done is added.
    """
    if not isinstance(icc, bytes) or not icc:
        return "sRGB"
    try:
        name, transform = _usable(icc)
        if transform is None:
            notes.append(_IGNORED)
            return "sRGB"
        if _moves_by(transform) <= _SAME_AS_SRGB:
            return name
        rows = max(1, _STRIP // rgb.shape[1])
        for top in range(0, len(rgb), rows):  # in strips, so that no second copy of the photo is needed
            rgb[top : top + rows] = _converted(rgb[top : top + rows], transform)
    except _CMS_FAULTS:
        notes.append(_IGNORED)
        return "sRGB"
    notes.append(f"Its colours were converted from {name} to sRGB.")
    return name


def _usable(icc: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None]:
    """Name of a profile and its way to sRGB; no way if it is damaged, or not one for red, green and blue.

    A profile of another colour space must not even reach the transform: its pixels would have another size.
    """
    if len(icc) > _LARGEST_PROFILE or int.from_bytes(icc[:4], "big") > len(icc) or not _is_what_it_was(icc):
        return "", None
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    if source.profile.xcolor_space.strip() != "RGB":
        return "", None
    name = "".join(c for c in ImageCms.getProfileDescription(source).strip() if c.isprintable())[:80]
    transform = ImageCms.buildTransform(
        source,
        ImageCms.createProfile("sRGB"),
        "RGB",
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return name or "unnamed profile", transform if _keeps_greys(transform) else None


def _is_what_it_was(icc: bytes) -> bool:
    """Compare the profile with its own MD5, where it states one (ICC.1:2010, 7.2.18)."""
    stated = icc[84:100]
    if not any(stated):
        return True
    bare = bytearray(icc[: int.from_bytes(icc[:4], "big")])
    for start, end in ((44, 48), (64, 68), (84, 100)):
        bare[start:end] = bytes(end - start)
    return hashlib.md5(bare, usedforsecurity=False).digest() == stated


def _keeps_greys(transform: ImageCms.ImageCmsTransform) -> bool:
    """A profile in which white is no white, or darker grey lighter, is damaged."""
    ramp = np.arange(0, 256, dtype=np.uint8)
    greys = _converted(np.repeat(ramp[None, :, None], 3, axis=2), transform)[0].astype(np.int16)
    white, tint = greys[-1], np.ptp(greys, axis=1).max()
    rises = bool((np.diff(greys.sum(axis=1)) >= -3).all())
    return bool(white.min() >= _DARKEST_WHITE and np.ptp(white) <= _TINT_OF_WHITE and tint <= _TINT_OF_GREY and rises)


def _moves_by(transform: ImageCms.ImageCmsTransform) -> int:
    """Largest step by which any of 9 × 9 × 9 colours is moved."""
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(1, -1, 3)
    return int(np.abs(_converted(colours, transform).astype(np.int16) - colours).max())


def _converted(rgb: NDArray[np.uint8], transform: ImageCms.ImageCmsTransform) -> NDArray[np.uint8]:
    converted = ImageCms.applyTransform(Image.fromarray(np.ascontiguousarray(rgb)), transform)
    assert converted is not None
    return np.asarray(converted)
