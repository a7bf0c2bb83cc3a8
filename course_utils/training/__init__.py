"""Training: batches, schedules, and a `fit` that shows little and loses nothing.

Every name is used from here, as `training.fit`; the files are for those who read them:

- `batches`, `augmentation`: shuffled batches of arrays, and of images that change each epoch;
- `schedules`: how the learning rate, or a VAE's beta, changes over a run;
- `precision`: what this machine and backend do fastest;
- `fitting`: `fit`, with what Keras is fed (`feed`), the stored run (`checkpoint`), the line that is
  shown (`bar`) and how a run is stopped (`interruption`);
- `layerwise`: greedy training, one pair of layers at a time;
- `restarting`: one compiled model, trained again and again;
- `evaluation`: what a trained model makes of data, and bounds on the likelihood.
"""

from course_utils.training.augmentation import AugmentedBatches
from course_utils.training.batches import Batches, BinarizedBatches, ShiftedBatches
from course_utils.training.evaluation import apply, log_likelihood_bound
from course_utils.training.fitting import fit
from course_utils.training.layerwise import train_layerwise
from course_utils.training.precision import at_once, fastest_precision
from course_utils.training.restarting import restart
from course_utils.training.schedules import BetaWarmUp, OneCycle

__all__ = [
    "AugmentedBatches",
    "Batches",
    "BetaWarmUp",
    "BinarizedBatches",
    "OneCycle",
    "ShiftedBatches",
    "apply",
    "at_once",
    "fastest_precision",
    "fit",
    "log_likelihood_bound",
    "restart",
    "train_layerwise",
]
