"""Helpers of the autoencoder course, in rooms: `from course_utils import pca`.

Ground floor, no Keras: `runtime`, `claims`, `exercises`, `checks`, `datasets`, `latent`, `pca`,
`metrics`, `plotting`. First floor, Keras: `layers`, `models`, `training`. On top `lessons`, which
runs notebooks. Each uses none but those before it. Importing the package itself imports none of
them; it only sets the environment variables below, which TensorFlow and JAX read when they start:
import it before Keras, TensorFlow or JAX. A variable that you have set yourself is left as it is.
"""

import os

# TensorFlow's start-up notes (which CPU instructions it has, that oneDNN is on) are not for a
# reader of a notebook. 1 hides notes and leaves warnings and errors. Where there is no GPU, the one
# "error" it logs is that it found none, and 3 hides that too: what goes wrong in a student's code
# comes as a Python exception, whatever this level is.
_HAS_GPU = any(map(os.path.exists, ("/dev/nvidiactl", "/dev/dxg")))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1" if _HAS_GPU else "3")

# TensorFlow gives whole matrix products to oneDNN on processors that it knows to be new (those with
# instructions for neural networks). On the others it cuts them into blocks first, which is slower
# there, too.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# Take a GPU's memory as it is needed, so that two open notebooks can share it. (PyTorch does so by
# itself.)
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
