"""Batches of images that are changed at random each time they are shown."""

import numpy as np
from scipy import ndimage

from course_utils import _validate
from course_utils.training.batches import Batches, true_or_false

_WARPED = 4  # points along each side of an image


class AugmentedBatches(Batches):
    """Batches of images, each mirrored, moved, turned, resized, warped and lit at random; the
    target is the changed image.

    A few hundred images are soon learnt by heart. Each time one is used it is shown differently, in
    ways that leave a picture of its kind a picture of its kind. What comes into the picture from
    outside repeats its edge; pixels are interpolated linearly (SciPy's `ndimage.map_coordinates`)
    and clipped to [0, 1]. The warp is after Simard, Steinkraus & Platt, "Best practices for
    convolutional neural networks applied to visual document analysis", ICDAR (2003).

    Keras's own layers (`RandomRotation`, `RandomElasticTransform` and others) would not do: each
    interpolates anew, which blurs, and what they draw depends on how often they were called before,
    so a run that is resumed would go on differently. On TensorFlow, Keras 3.15's elastic warp also
    moves points along one diagonal only.

    Args:
        images: floating point in [0, 1], shape (n, height, width) or (n, height, width, channels).
        batch_size, seed: as in `Batches`.
        mirror: True to flip half of the images, chosen by lot, left to right. (Not for digits.)
        max_shift: the largest move up, down, left and right, in pixels, from 0 to less than height
            and width; fractions of a pixel count.
        max_angle: the largest turn about the middle, either way, in degrees, from 0 to 180.
        max_scale: height and width are each multiplied by a factor from 1 - max_scale to 1 +
            max_scale; from 0 to below 1.
        warp: how far a smooth deformation moves a point, in pixels, at least 0: 4 x 4 points across
            the image are moved, each by normally distributed amounts of this standard deviation,
            and what lies between them moves along.
        max_light: the brightness is multiplied by a factor from 1 - max_light to 1 + max_light,
            which may also rise or fall by up to max_light from the middle to each side, so in the
            corners by up to three times max_light; from 0 to below 1.
        flatten: True for a dense network: batches have shape (batch, height * width) (times
            channels).

    All amounts up to the largest are equally likely. Everything is drawn independently, anew in
    each epoch. `batches[i]` is a pair (inputs, targets), as in `Batches`: one float32 array, twice.

    Raises:
        TypeError, ValueError: if an argument will not do; flat images, (n, height * width), can't
            be moved.

    >>> import numpy as np
    >>> from course_utils import training
    >>> batches = training.AugmentedBatches(np.ones((10, 64, 64), "float32"), batch_size=5)
    >>> x, target = batches[0]
    >>> x.shape, x is target
    ((5, 64, 64), True)
    """

    def __init__(
        self,
        images,
        *,
        batch_size=32,
        mirror=True,
        max_shift=3.0,
        max_angle=10.0,
        max_scale=0.1,
        warp=1.5,
        max_light=0.15,
        flatten=False,
        seed=0,
    ):
        images = _validate.unit_images("images", images)
        self.mirror = true_or_false("mirror", mirror)
        self.flatten = true_or_false("flatten", flatten)
        images = images.astype(np.float32, copy=False)  # SciPy knows no 16 bits
        height, width = images.shape[1:3]
        self.max_shift = _validate.real("max_shift", max_shift, 0)
        if self.max_shift >= min(height, width):
            raise ValueError(
                f"max_shift must be less than the images' sides, {height} x {width}, "
                f"got {max_shift:g} (3 if not given)"
            )
        self.max_angle = _validate.real("max_angle", max_angle, 0)
        if self.max_angle > 180:
            raise ValueError(f"max_angle must be from 0 to 180 degrees, got {max_angle}")
        self.max_scale = _validate.share("max_scale", max_scale)
        self.max_light = _validate.share("max_light", max_light)
        self.warp = _validate.real("warp", warp, 0)
        self._rows = np.arange(height).reshape(-1, 1) - (height - 1) / 2  # from the middle
        self._columns = np.arange(width) - (width - 1) / 2
        self._between = [_splines(height), _splines(width)]
        super().__init__(images, batch_size=batch_size, seed=seed)

    def _draw(self, rng):
        super()._draw(rng)
        n = len(self.x)
        self._flips = rng.random(n) < 0.5 * self.mirror
        self._shifts = rng.uniform(-self.max_shift, self.max_shift, (n, 2))
        self._angles = np.radians(rng.uniform(-self.max_angle, self.max_angle, n))
        self._scales = rng.uniform(1 - self.max_scale, 1 + self.max_scale, (n, 2))
        self._warps = rng.normal(0, self.warp, (n, 2, _WARPED, _WARPED))
        self._lights = rng.uniform(-self.max_light, self.max_light, (n, 3))

    def _batch(self, part):
        changed = [
            self._change(self.x[image], place)
            for place, image in enumerate(self._order[part], start=part.start)
        ]
        x = np.clip(np.stack(changed), 0, 1)
        x = x.reshape(len(x), -1) if self.flatten else x
        return x, x

    def _change(self, image, place):
        image = image[:, ::-1] if self._flips[place] else image
        source = self._source(place)
        channels = np.moveaxis(image.reshape(*image.shape[:2], -1), 2, 0)
        moved = [
            ndimage.map_coordinates(channel, source, order=1, mode="nearest")
            for channel in channels
        ]
        lit = np.stack(moved, axis=-1) * self._brightness(place)[..., np.newaxis]
        return lit.reshape(image.shape).astype(np.float32)

    def _source(self, place):
        """For each pixel of the result, where in the original it comes from, as SciPy asks: so
        each change is undone."""
        (down, right), (tall, wide) = self._shifts[place], self._scales[place]
        above, left = (self._rows - down) / tall, (self._columns - right) / wide
        cos, sin = np.cos(self._angles[place]), np.sin(self._angles[place])
        height, width = self.x.shape[1:3]
        source = np.stack(
            [
                cos * above - sin * left + (height - 1) / 2,
                sin * above + cos * left + (width - 1) / 2,
            ]
        )
        if self.warp:
            source += self._between[0] @ self._warps[place] @ self._between[1].T
        return source

    def _brightness(self, place):
        light, fall, side = self._lights[place]
        height, width = self.x.shape[1:3]
        return 1 + light + fall * 2 * self._rows / height + side * 2 * self._columns / width


def _splines(side):
    """How much of each of the points along a side lies in each of its pixels, shape (side, 4):
    cubic splines."""
    return ndimage.zoom(
        np.eye(_WARPED), (side / _WARPED, 1), order=3, mode="nearest", grid_mode=True
    )
