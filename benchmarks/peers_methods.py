"""Homographies and flows by OpenCV and scikit-image, as their authors or their tutorials use them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.feature import ORB, SIFT, match_descriptors
from skimage.measure import ransac
from skimage.registration import optical_flow_ilk, optical_flow_tvl1
from skimage.transform import ProjectiveTransform

Grey = NDArray[np.uint8]
Homography = NDArray[np.float64]
"""From (column, row, 1) of the reference to the moving photo."""


def locally_normalised(grey: Grey, sigma: float = 12.0) -> Grey:
    """Detail over its local contrast, 8 bit."""
    values = grey.astype(np.float32)
    mean = cv2.GaussianBlur(values, (0, 0), sigma)
    variance = cv2.GaussianBlur(values * values, (0, 0), sigma) - mean * mean
    detail = (values - mean) / np.sqrt(np.maximum(variance, 0) + 4.0)
    return np.clip(128 + 42 * detail, 0, 255).astype(np.uint8)


def _matched(
    detector: Any, norm: int, ratio: float, estimator: int, first: Grey, second: Grey, *, root: bool = False
) -> Homography | None:
    (here, d1), (there, d2) = (detector.detectAndCompute(grey, None) for grey in (first, second))
    if d1 is None or d2 is None or min(len(d1), len(d2)) < 2:
        return None
    if root:
        d1, d2 = (np.sqrt(d / (d.sum(axis=1, keepdims=True) + 1e-7)) for d in (d1, d2))
    good = [a for a, b in cv2.BFMatcher(norm).knnMatch(d1, d2, k=2) if a.distance < ratio * b.distance]
    if len(good) < 4:
        return None
    source = np.array([here[match.queryIdx].pt for match in good], np.float32)
    target = np.array([there[match.trainIdx].pt for match in good], np.float32)
    homography, _ = cv2.findHomography(source, target, estimator, 3.0)
    return None if homography is None else np.asarray(homography, np.float64)


def sift_tutorial(first: Grey, second: Grey) -> Homography | None:
    """SIFT as the tutorial of OpenCV has it."""
    return _matched(cv2.SIFT.create(), cv2.NORM_L2, 0.7, cv2.RANSAC, first, second)


def sift_low(first: Grey, second: Grey) -> Homography | None:
    """SIFT with a low contrast threshold, RootSIFT, MAGSAC."""
    detector = cv2.SIFT.create(5000, contrastThreshold=0.008)
    return _matched(detector, cv2.NORM_L2, 0.8, cv2.USAC_MAGSAC, first, second, root=True)


def sift_normalised(first: Grey, second: Grey) -> Homography | None:
    """SIFT on locally normalised grey."""
    detector = cv2.SIFT.create(5000)
    greys = locally_normalised(first), locally_normalised(second)
    return _matched(detector, cv2.NORM_L2, 0.8, cv2.USAC_MAGSAC, *greys, root=True)


def orb(first: Grey, second: Grey) -> Homography | None:
    """ORB, 5000 points."""
    detector = cv2.ORB.create(5000, fastThreshold=5)
    return _matched(detector, cv2.NORM_HAMMING, 0.8, cv2.USAC_MAGSAC, first, second)


_ecc: Any = cv2.findTransformECC  # its stub wants a mask where None is allowed


def ecc_pyramid(first: Grey, second: Grey) -> Homography | None:
    """Enhanced correlation coefficient over a pyramid: affine, then a homography."""
    matrix = np.eye(3, dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5)
    try:
        for factor in (0.125, 0.25, 0.5, 1.0):
            here, there = (
                np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
                for grey in (first, second)
            )
            scaling = np.diag([factor, factor, 1]).astype(np.float32)
            scaled = scaling @ matrix @ np.linalg.inv(scaling)
            if factor < 0.5:
                affine = np.ascontiguousarray(scaled[:2], np.float32)
                _, affine = _ecc(here, there, affine, cv2.MOTION_AFFINE, stop, None, 5)
                scaled = np.vstack([affine, [0, 0, 1]])
            else:
                start = np.ascontiguousarray(scaled / scaled[2, 2], np.float32)
                _, scaled = _ecc(here, there, start, cv2.MOTION_HOMOGRAPHY, stop, None, 5)
            matrix = (np.linalg.inv(scaling) @ scaled @ scaling).astype(np.float32)
    except cv2.error:  # it diverges by exception
        return None
    return matrix.astype(np.float64)


def ecc_multi_scale(first: Grey, second: Grey) -> Homography | None:
    """`findTransformECCMultiScale` of OpenCV 5."""
    start = np.eye(3, dtype=np.float32)
    parameters = cv2.ECCParameters()
    parameters.motionType = cv2.MOTION_HOMOGRAPHY
    try:
        _, matrix = cv2.findTransformECCMultiScale(first, second, start, parameters)
    except cv2.error:
        return None
    return np.asarray(matrix, np.float64)


def fourier_mellin(first: Grey, second: Grey) -> Homography | None:
    """Rotation and scale from the log-polar spectrum, then the shift, by phase correlation."""
    side = max(first.shape)
    pad = [np.zeros((side, side), np.float32) for _ in range(2)]
    for square, grey in zip(pad, (first, second), strict=True):
        square[: grey.shape[0], : grey.shape[1]] = grey.astype(np.float32) - grey.mean()
    window = np.asarray(cv2.createHanningWindow((side, side), cv2.CV_32F))
    polar = []
    for square in pad:
        spectrum = np.fft.fftshift(np.log1p(np.abs(np.fft.fft2(square * window)))).astype(np.float32)
        spectrum -= cv2.GaussianBlur(spectrum, (0, 0), 8.0)
        middle = (side / 2, side / 2)
        polar.append(cv2.warpPolar(spectrum, (side, side), middle, side / 2, cv2.INTER_LINEAR | cv2.WARP_POLAR_LOG))
    (dx, dy), _ = cv2.phaseCorrelate(polar[0], polar[1], cv2.createHanningWindow((side, side), cv2.CV_32F))
    scale, angle = np.exp(-dx * np.log(side / 2) / side), dy * 360.0 / side
    found = []
    for turn in (angle, angle + 180.0):  # a spectrum looks the same upside down
        turned = np.vstack([cv2.getRotationMatrix2D((side / 2, side / 2), -turn, scale), [0, 0, 1]])
        back = cv2.warpPerspective(pad[1], np.linalg.inv(turned), (side, side))
        (right, down), sure = cv2.phaseCorrelate(pad[0], np.asarray(back, np.float32), window)
        found.append((sure, turned @ np.array([[1, 0, right], [0, 1, down], [0, 0, 1]])))
    return max(found, key=lambda each: each[0])[1]


def _skimage(extractor: Any, first: Grey, second: Grey) -> Homography | None:
    places, descriptors = [], []
    for grey in (first, second):
        try:
            extractor.detect_and_extract(grey)
        except (RuntimeError, ValueError):  # it found nothing
            return None
        places.append(extractor.keypoints[:, ::-1])
        descriptors.append(extractor.descriptors)
    pairs = match_descriptors(descriptors[0], descriptors[1], cross_check=True, max_ratio=0.8)
    if len(pairs) < 8:
        return None
    ends = places[0][pairs[:, 0]].astype(np.float64), places[1][pairs[:, 1]].astype(np.float64)
    model, _ = ransac(ends, ProjectiveTransform, 4, 3.0, max_trials=1000, rng=1)
    return np.asarray(model.params) if model else None


def skimage_sift(first: Grey, second: Grey) -> Homography | None:
    """SIFT of scikit-image."""
    return _skimage(SIFT(), first, second)


def skimage_orb(first: Grey, second: Grey) -> Homography | None:
    """ORB of scikit-image."""
    return _skimage(ORB(n_keypoints=3000), first, second)


def dis(first: Grey, second: Grey) -> NDArray[np.float32]:
    """Dense inverse search, medium preset; (column, row) displacement."""
    flow: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(flow.calc(first, second, None), np.float32)


def farneback(first: Grey, second: Grey) -> NDArray[np.float32]:
    """Farneback, over a pyramid."""
    start = np.zeros((*first.shape, 2), np.float32)
    return np.asarray(cv2.calcOpticalFlowFarneback(first, second, start, 0.5, 6, 21, 5, 7, 1.5, 0), np.float32)


def tv_l1(first: Grey, second: Grey) -> NDArray[np.float32]:
    """TV-L1 of scikit-image."""
    down, right = optical_flow_tvl1(*(grey.astype(np.float32) / 255 for grey in (first, second)))
    return np.stack([right, down], axis=-1).astype(np.float32)


def ilk(first: Grey, second: Grey) -> NDArray[np.float32]:
    """Iterative Lucas-Kanade of scikit-image."""
    down, right = optical_flow_ilk(*(grey.astype(np.float32) / 255 for grey in (first, second)), radius=12)
    return np.stack([right, down], axis=-1).astype(np.float32)
