"""How a model is made, so that two can be compared."""

from course_utils.models import VariationalAutoencoder


def design(layer):
    """What of a layer is compiled into the graph, as nested lists: its kind, settings and shapes,
    and those of the layers in it.

    Names and initial values may differ. A model's own settings can't be told from its class, but
    for the variational one's.
    """
    kind = [type(layer), [tuple(v.shape) for v in layer.variables]]
    parts = getattr(layer, "layers", None)
    if parts is None:
        return [*kind, _settings(layer)]
    variational = isinstance(layer, VariationalAutoencoder)
    own = [layer.likelihood, layer.variance] if variational else []
    return [*kind, *own, *map(design, parts)]


def _settings(layer):
    """A layer's settings, but for those that may differ; None if it tells none."""
    try:
        settings = layer.get_config()
    except NotImplementedError:  # Keras's word for a layer of one's own that tells none
        return None
    # "dense" is the layer to which a tied one points, which is in the model's list itself.
    free = {"name", "seed", "build_config", "dense"}
    return {k: v for k, v in settings.items() if k not in free and not k.endswith("_initializer")}
