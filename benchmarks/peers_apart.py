"""Registration by packages that the program does not depend on.

    python peers_apart.py METHOD PAIR.npz
    python peers_apart.py installed METHOD ...

Nothing of the program is imported here, so that any interpreter can run it that has NumPy and the package. The file
holds two greys and points of the first, (row, column); where they lie in the second, and the CPU seconds it took,
are written in its place.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from time import process_time
from typing import Any

import numpy as np


def main() -> None:
    """Read, register, write."""
    if sys.argv[1] == "installed":
        print(json.dumps([method for method in sys.argv[2:] if _installed(method)]))
        return
    method, path = sys.argv[1:]
    with np.load(path) as pair:
        first, second, points = (pair[name] for name in ("first", "second", "points"))
    run = _METHODS[method]()
    began = process_time()
    place = run(first, second, points)
    np.savez(path, place=np.asarray(place, float), seconds=process_time() - began)


def _installed(method: str) -> bool:
    """Whether the package of a method is there; with OpenCV, its contributed modules."""
    if importlib.util.find_spec(_PACKAGES[method]) is None:
        return False
    if method != "akaze":
        return True
    cv2 = importlib.import_module("cv2")

    return hasattr(cv2, "xfeatures2d") and hasattr(cv2.xfeatures2d, "AKAZE")


def _akaze() -> Any:
    cv2 = importlib.import_module("cv2")

    def run(first: Any, second: Any, points: Any) -> Any:
        detector = cv2.xfeatures2d.AKAZE.create(threshold=1e-4)
        (here, d1), (there, d2) = (detector.detectAndCompute(grey, None) for grey in (first, second))
        few = d1 is None or d2 is None or min(len(d1), len(d2)) < 2
        pairs = () if few else cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(d1, d2, k=2)
        good = [a for a, b in pairs if a.distance < 0.8 * b.distance]
        source = np.array([here[match.queryIdx].pt for match in good], np.float32)
        target = np.array([there[match.trainIdx].pt for match in good], np.float32)
        homography = cv2.findHomography(source, target, cv2.USAC_MAGSAC, 3.0)[0] if len(good) >= 4 else None
        if homography is None:
            return np.full(points.shape, np.nan)
        found = np.column_stack([points[:, ::-1], np.ones(len(points))]) @ homography.T
        return found[:, 1::-1] / found[:, 2:]

    return run


def _simple_itk() -> Any:
    sitk = importlib.import_module("SimpleITK")

    def run(first: Any, second: Any, points: Any) -> Any:
        fixed, moving = (sitk.GetImageFromArray(grey.astype(np.float32)) for grey in (first, second))
        start = sitk.CenteredTransformInitializer(
            fixed, moving, sitk.AffineTransform(2), sitk.CenteredTransformInitializerFilter.GEOMETRY
        )
        affine = _itk_stage(sitk, fixed, moving, start, sitk.AffineTransform)
        bending = sitk.BSplineTransformInitializer(fixed, [12, 9])
        both = sitk.CompositeTransform([affine])
        method = _itk_method(sitk)
        method.SetMovingInitialTransform(both)
        method.SetInitialTransform(bending, inPlace=True)
        method.SetOptimizerAsLBFGSB(numberOfIterations=60)
        method.Execute(fixed, moving)
        whole = sitk.CompositeTransform([both, bending])
        return np.array([whole.TransformPoint((float(col), float(row)))[::-1] for row, col in points])

    return run


def _itk_method(sitk: Any) -> Any:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(0.1, 1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([8, 4, 2])
    method.SetSmoothingSigmasPerLevel([4, 2, 1])
    return method


def _itk_stage(sitk: Any, fixed: Any, moving: Any, start: Any, kind: Any) -> Any:
    method = _itk_method(sitk)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 1e-3, 200)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(start, inPlace=False)
    return kind(sitk.CompositeTransform(method.Execute(fixed, moving)).GetNthTransform(0))


def _elastix() -> Any:
    itk = importlib.import_module("itk")

    def run(first: Any, second: Any, points: Any) -> Any:
        fixed, moving = (
            itk.image_from_array(np.ascontiguousarray(grey.astype(np.float32))) for grey in (first, second)
        )
        stages = itk.ParameterObject.New()
        for name in ("rigid", "affine", "bspline"):
            stages.AddParameterMap(stages.GetDefaultParameterMap(name, 4, 40.0))
        _, found = itk.elastix_registration_method(fixed, moving, parameter_object=stages, log_to_console=False)
        field = itk.array_from_image(itk.transformix_deformation_field(moving, found))
        return _by_field(field, points)

    return run


def _by_field(field: Any, points: Any) -> Any:
    """Points moved by a (column, row) displacement per pixel, between pixels bilinearly."""
    last = np.array(field.shape[:2]) - 1
    at = np.clip(points, 0, last - 1e-6)
    corner = at.astype(int)
    (row, col), (down, right) = corner.T, (at - corner).T[..., None]
    top = (1 - right) * field[row, col] + right * field[row, col + 1]
    bottom = (1 - right) * field[row + 1, col] + right * field[row + 1, col + 1]
    return points + ((1 - down) * top + down * bottom)[:, ::-1]


def _ants() -> Any:
    ants, pd = importlib.import_module("ants"), importlib.import_module("pandas")

    def run(first: Any, second: Any, points: Any) -> Any:
        fixed, moving = (ants.from_numpy(grey.astype(np.float32)) for grey in (first, second))
        found = ants.registration(fixed, moving, type_of_transform="SyN", random_seed=1)
        at = pd.DataFrame({"x": points[:, 0], "y": points[:, 1]})
        moved = ants.apply_transforms_to_points(2, at, found["fwdtransforms"])
        return moved[["x", "y"]].to_numpy()

    return run


def _pystackreg() -> Any:
    registration = importlib.import_module("pystackreg").StackReg

    def run(first: Any, second: Any, points: Any) -> Any:
        matrix = registration(registration.AFFINE).register(first.astype(float), second.astype(float))
        return (np.column_stack([points[:, ::-1], np.ones(len(points))]) @ matrix.T)[:, 1::-1]

    return run


def _imreg_dft() -> Any:
    imreg_dft = importlib.import_module("imreg_dft")

    def run(first: Any, second: Any, points: Any) -> Any:
        found = imreg_dft.similarity(first.astype(float), second.astype(float), numiter=3)
        # What it does to a picture of the rows and of the columns says where each pixel came from.
        ramps = np.meshgrid(*(np.arange(side, dtype=float) for side in second.shape), indexing="ij")
        row, col = (imreg_dft.transform_img_dict(ramp, found, bgval=-1e6, order=1) for ramp in ramps)
        index = np.rint(points).astype(int).T
        place = np.stack([row[tuple(index)], col[tuple(index)]], axis=1) + (points - index.T)
        return np.where(place < -10, np.nan, place)

    return run


_METHODS = {
    "akaze": _akaze,
    "SimpleITK": _simple_itk,
    "elastix": _elastix,
    "ants": _ants,
    "pystackreg": _pystackreg,
    "imreg_dft": _imreg_dft,
}
_PACKAGES = {
    "akaze": "cv2",
    "SimpleITK": "SimpleITK",
    "elastix": "itk",
    "ants": "ants",
    "pystackreg": "pystackreg",
    "imreg_dft": "imreg_dft",
}

if __name__ == "__main__":
    main()
