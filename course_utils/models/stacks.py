"""What the builders share: stacks of layers, and the arguments that describe them."""

import keras

from course_utils import _validate
from course_utils.layers import KLSparsity


def checked_input_shape(value):
    """The shape of one image as a tuple of two or three integers."""
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise TypeError(
            f"input_shape must be (height, width) or (height, width, channels), got {value!r}"
        )
    shape = tuple(value)
    if len(shape) not in (2, 3):
        hint = ": of one image, without the number of images" if len(shape) == 4 else ""
        raise ValueError(
            f"input_shape must be (height, width) or (height, width, channels), got {shape}{hint}"
        )
    return tuple(_validate.integer(f"input_shape[{i}]", side, 1) for i, side in enumerate(shape))


def smallest_shape(shape, filters):
    """The shape of the last stage on the way down; ValueError if none is left."""
    height, width = shape[:2]
    times = 2 ** len(filters)
    if not height % times and not width % times:
        return height // times, width // times, filters[-1]
    if len(shape) == 3 and height in (1, 3) and width > 3:
        raise ValueError(
            f"input_shape must be (height, width, channels), got {shape}: channels come last, "
            f"({width}, {shape[2]}, {height})"
        )
    smaller = height // times * times, width // times * times
    larger = -(-height // times) * times, -(-width // times) * times
    fitting = f"{smaller} or {larger}" if all(smaller) else f"{larger}"
    raise ValueError(
        f"input_shape must have a height and a width that can be halved {len(filters)} times, "
        f"once for each of filters, got {height} x {width}: crop or pad the images to {fitting}, "
        "or take fewer filters"
    )


def checked_filters(value):
    """The numbers of filters as a list, one for each stage."""
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise TypeError(
            f"filters must be a list of numbers of filters such as (16, 32, 64), got {value!r}"
        )
    filters = [_validate.integer(f"filters[{i}]", n, 1) for i, n in enumerate(value)]
    if not filters:
        raise ValueError("filters must have one number or more, one for each stage, got none")
    return filters


def checked_sizes(name, sizes):
    """The sizes of dense layers as a list of two or more."""
    if isinstance(sizes, (str, bytes)) or not hasattr(sizes, "__iter__"):
        raise TypeError(
            f"{name} must be a list of layer sizes such as [784, 300, 30], got {sizes!r}"
        )
    sizes = [_validate.integer(f"{name}[{i}]", size, 1) for i, size in enumerate(sizes)]
    if len(sizes) < 2:
        raise ValueError(
            f"{name} must have two sizes or more, from the input to the code, got {sizes}"
        )
    return sizes


def seeds_from(seed):
    """A different seed for each layer, or None for each."""
    start = None if seed is None else _validate.integer("seed", seed, 0)
    while True:
        yield start
        start = None if start is None else start + 1_000_003  # far from the next seed's own


def layers_around(corruption, sparsity, code_activation):
    """The layers to put before and behind the encoder's own: two lists, each empty or of one."""
    for name, layer in (("corruption", corruption), ("sparsity", sparsity)):
        if layer is not None and not isinstance(layer, keras.layers.Layer):
            raise TypeError(
                f"{name} must be a Keras layer or None, got {layer!r} of type "
                f"{type(layer).__name__}"
            )
    if isinstance(sparsity, KLSparsity) and not is_share(code_activation):
        raise ValueError(
            "code_activation must be from 0 to 1, such as 'sigmoid', for KLSparsity, "
            f"got {code_activation!r}"
        )
    return [[layer] * (layer is not None) for layer in (corruption, sparsity)]


def is_share(activation):
    """Whether an activation, by its name or itself, puts out numbers from 0 to 1."""
    inputs = keras.ops.reshape(keras.ops.linspace(-30.0, 30.0, 121), (1, 121))
    outputs = keras.ops.convert_to_numpy(keras.activations.get(activation)(inputs))
    return bool(outputs.min() >= 0 and outputs.max() <= 1)


def dense_stack(
    name, sizes, activation, last_activation, kernel_initializer, seeds, dtype, first=(), last=()
):
    """A model of dense layers, between the layers `first` and `last`."""
    activations = [activation] * (len(sizes) - 2) + [last_activation]
    layers = [
        keras.layers.Dense(
            size,
            activation,
            kernel_initializer=seeded_initializer(kernel_initializer, next(seeds)),
            dtype=dtype,
            name=f"{name}_{i + 1}",
        )
        for i, (size, activation) in enumerate(zip(sizes[1:], activations, strict=True))
    ]
    return keras.Sequential([keras.Input((sizes[0],)), *first, *layers, *last], name=name)


def seeded_initializer(initializer, seed):
    """An initializer of its own for one kernel, with a seed if one is given and it takes one."""
    initializer = keras.initializers.get(initializer)
    if seed is None or "seed" not in initializer.get_config():
        return initializer.clone() if hasattr(initializer, "clone") else initializer
    return type(initializer).from_config(initializer.get_config() | {"seed": seed})
