"""What students hand in that is wrong. For each set and student: the cells that they wrote
otherwise than the reference, and the tests that then fail, no more and no fewer."""

WRONG = {}

WRONG["set1_pca"] = {
    # The usual slips: nothing centred, shares of the kept components only, a factor 2 forgotten,
    # one mean for all pixels.
    "slips": (
        {
            "fit_pca": """
def fit_pca(x, k):
    return x.mean(axis=0), np.linalg.svd(x, full_matrices=False)[2][:k]
""",
            "explained_variance_ratio": """
def explained_variance_ratio(x, k):
    s = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)[:k]
    return s**2 / np.sum(s**2)
""",
            "components_needed": """
def components_needed(x_train, x_new, target):
    mean = x_train.mean(axis=0)
    components = np.linalg.svd(x_train - mean, full_matrices=False)[2]
    for k in range(1, len(components) + 1):
        # Judged on what it was fitted to.
        x_hat = mean + (x_train - mean) @ components[:k].T @ components[:k]
        if squared_error(x_train, x_hat) <= target:
            return k
    raise ValueError("out of reach")
""",
            "gradients": """
def gradients(x, w1, w2):
    residual = (x @ w1 @ w2 - x) / len(x)
    return x.T @ residual @ w2.T, w1.T @ x.T @ residual
""",
            "mended": "mended_autoencoder = linear_autoencoder",
        },
        {
            "fit_pca_right",
            "ratio_right",
            "needed_hidden",
            "gradients_hidden",
            "mended_visible",
            "mended_hidden",
        },
    ),
    # Components as columns; singular values for variances, the smallest first; off by one; W for
    # its transpose; PCA put in by hand.
    "columns": (
        {
            "fit_pca": """
def fit_pca(x, k):
    mean = x.mean(axis=0)
    return mean, np.linalg.svd(x - mean, full_matrices=False)[2][:k].T
""",
            "explained_variance_ratio": """
def explained_variance_ratio(x, k):
    s = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)[::-1]
    return s[:k] / s.sum()
""",
            "components_needed": """
def components_needed(x_train, x_new, target):
    mean = x_train.mean(axis=0)
    components = np.linalg.svd(x_train - mean, full_matrices=False)[2]
    k = 0
    while squared_error(x_new, mean + (x_new - mean) @ components[:k].T @ components[:k]) > target:
        k += 1
    return k + 1
""",
            "gradients": """
def gradients(x, w1, w2):
    residual = 2 * (x @ w1 @ w2 - x) / len(x)
    return w2 @ residual.T @ x, residual.T @ x @ w1
""",
            "mended": """
def mended_autoencoder(x, k, steps=600):
    mean = x.mean(axis=0)
    v = np.linalg.svd(x - mean, full_matrices=False)[2][:k]
    encoder = keras.Sequential([keras.Input((x.shape[1],)), layers.Dense(k, use_bias=False)])
    decoder = keras.Sequential([keras.Input((k,)), layers.Dense(x.shape[1], use_bias=False)])
    encoder.set_weights([v.T])
    decoder.set_weights([v])
    return encoder, decoder, mean
""",
        },
        {
            "fit_pca_shapes",
            "fit_pca_right",
            "ratio_shape",
            "ratio_right",
            "needed_visible",
            "needed_hidden",
            "gradients_visible",
            "gradients_hidden",
            "mended_hidden",
        },
    ),
}

WRONG["set2_denoising"] = {
    # Works on what is shown: changes its argument, the logarithm of a mean, a variance squared, 0.5
    # for stddev, a copy for the training batches and none for the validation images.
    "slips": (
        {
            "salt_and_pepper": """
def salt_and_pepper(x, share, rng):
    u = rng.random(x.shape)
    x[u < share / 2] = 0
    x[u > 1 - share / 2] = 1
    return x
""",
            "psnr_gain": """
def psnr_gain(x, x_noisy, x_hat):
    return 10 * np.log10(np.mean((x - x_noisy) ** 2) / np.mean((x - x_hat) ** 2))
""",
            "linear_denoiser": """
def linear_denoiser(x, variance):
    c = np.cov(x, rowvar=False, bias=True)
    return x.mean(axis=0), c @ np.linalg.inv(c + variance**2 * np.eye(len(c)))
""",
            "train_denoiser": """
def train_denoiser(x, stddev):
    keras.utils.set_random_seed(0)
    hidden, out = layers.Dense(300, activation="silu"), layers.Dense(784, activation="sigmoid")
    denoiser = keras.Sequential([keras.Input((784,)), layers.GaussianNoise(0.5), hidden, out])
    mean = np.clip(x.mean(axis=0), 0.01, 0.99)
    out.bias.assign(np.log(mean / (1 - mean)))
    batches, epochs = training.Batches(x, batch_size=128), 4
    adam = keras.optimizers.Adam(training.OneCycle(5e-3, epochs * len(batches), warmup=0.1))
    at_once = training.at_once(16)
    denoiser.compile(optimizer=adam, loss=models.SquaredError(), steps_per_execution=at_once)
    training.fit(denoiser, batches, epochs=epochs, verbose=False)
    return denoiser
""",
            "mended": """
mended_corrupt = corrupt


def mended_training(x, stddev, epochs=3):
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    n_fit, d = len(x) * 9 // 10, x.shape[1]
    x_fit, x_val = x[:n_fit], x[n_fit:]
    hidden, out = layers.Dense(512, activation="relu"), layers.Dense(d, activation="sigmoid")
    network = keras.Sequential([keras.Input((d,)), hidden, out])
    network.compile(optimizer=keras.optimizers.Adam(4e-3), loss=models.SquaredError())

    def batches():
        while True:
            clean = x_fit[rng.integers(0, n_fit, size=64)]
            yield mended_corrupt(clean.copy(), stddev, rng), clean

    validation = mended_corrupt(x_val, stddev, rng), x_val
    history = network.fit(
        batches(),
        steps_per_epoch=n_fit // 64,
        epochs=epochs,
        validation_data=validation,
        shuffle=False,
        verbose=0,
    )
    return network, history.history
""",
        },
        {
            "salt_hidden",
            "gain_hidden",
            "linear_visible",
            "linear_hidden",
            "denoiser_hidden",
            "mended_hidden",
        },
    ),
    # A share of each, so twice the share, in 64 bits; noisy minus denoised; nothing centred; a
    # network for a quarter of the noise (the variance where the layer wants the standard
    # deviation); the broken functions handed in as they are.
    "doubled": (
        {
            "salt_and_pepper": """
def salt_and_pepper(x, share, rng):
    noisy = np.where(rng.random(x.shape) < share, 0.0, x.astype(float))
    return np.where(rng.random(x.shape) < share, 1.0, noisy)
""",
            "linear_denoiser": """
def linear_denoiser(x, variance):
    c = x.T @ x / len(x)
    return x.mean(axis=0), np.linalg.solve(c + variance * np.eye(len(c)), c)
""",
            "psnr_gain": """
def psnr_gain(x, x_noisy, x_hat):
    return psnr(x, x_noisy) - psnr(x, x_hat)
""",
            "train_denoiser": """
def train_denoiser(x, stddev):
    keras.utils.set_random_seed(0)
    hidden, out = layers.Dense(300, activation="silu"), layers.Dense(784, activation="sigmoid")
    denoiser = keras.Sequential([keras.Input((784,)), layers.GaussianNoise(stddev**2), hidden, out])
    denoiser.compile(optimizer="adam", loss="mse", steps_per_execution=training.at_once(16))
    training.fit(denoiser, x, epochs=4, batch_size=128, verbose=False)
    return denoiser
""",
            "mended": "mended_corrupt, mended_training = corrupt, train_on_noise",
        },
        {
            "salt_visible",
            "salt_hidden",
            "gain_visible",
            "gain_hidden",
            "linear_visible",
            "linear_hidden",
            "denoiser_visible",
            "denoiser_hidden",
            "mended_visible",
            "mended_hidden",
        },
    ),
}

_VAE = """
class VAE(keras.Model):
    def __init__(self, encoder, decoder, seed=0):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.generator = keras.random.SeedGenerator(seed)
        self.built = True

    def elbo_terms(self, x):
        z_mean, z_log_var = self.encoder(x)
        {}

    def call(self, x):
        return self.decoder(self.encoder(x)[0])

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        reconstruction, kl = self.elbo_terms(x)
        return reconstruction + kl
"""
_MENDED = """
def mended_vae(n_latents=10, n_hidden=256):
    keras.utils.set_random_seed(0)
    x = keras.Input((784,))
    hidden = layers.Dense(n_hidden, activation="relu", name="encoder_hidden")(x)
    z_mean = layers.Dense(n_latents, name="z_mean")(hidden)
    z_log_var = layers.Dense(n_latents, activation="{}", name="z_log_var")(hidden)
    z = keras.Input((n_latents,))
    back = layers.Dense(n_hidden, activation="relu", name="decoder_hidden")(z)
    decoder = keras.Model(z, layers.Dense(784, activation="sigmoid", name="x_hat")(back))
    return models.VariationalAutoencoder(keras.Model(x, [z_mean, z_log_var]), decoder, seed=0)
"""
WRONG["set3_vae"] = {
    # A mean over latents; a variance for a standard deviation; log 0; the same noise for ever; a
    # softer ReLU.
    "slips": (
        {
            "gaussian_kl": """
def gaussian_kl(z_mean, z_log_var, prior_variance):
    ratio = (z_mean**2 + np.exp(z_log_var)) / prior_variance
    return (ratio - 1 - z_log_var + np.log(prior_variance)).mean(axis=1) / 2
""",
            "sample_latents": """
def sample_latents(z_mean, z_log_var, n_samples, rng):
    return z_mean + np.exp(z_log_var) * rng.standard_normal((n_samples, *z_mean.shape))
""",
            "bernoulli_nats": """
def bernoulli_nats(x, logits):
    x_hat = 1 / (1 + np.exp(-logits))
    return -(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat)).sum(axis=1)
""",
            "vae": _VAE.format("""epsilon = keras.random.normal(ops.shape(z_mean), seed=0)
        logits = self.decoder(z_mean + ops.exp(z_log_var / 2) * epsilon)
        reconstruction = ops.sum(ops.binary_crossentropy(x, logits, from_logits=True), axis=1)
        kl = ops.sum(z_mean**2 + ops.exp(z_log_var) - 1 - z_log_var, axis=1) / 2
        return ops.mean(reconstruction), ops.mean(kl)"""),
            "mended": _MENDED.format("softplus"),
        },
        {
            "kl_hidden",
            "sample_hidden",
            "nats_hidden",
            "terms_hidden",
            "mended_visible",
            "mended_hidden",
        },
    ),
    # The prior's own logarithm forgotten; noise from elsewhere; means over pixels and latents; a
    # log-variance that is bounded.
    "means": (
        {
            "gaussian_kl": """
def gaussian_kl(z_mean, z_log_var, prior_variance):
    return ((z_mean**2 + np.exp(z_log_var)) / prior_variance - 1 - z_log_var).sum(axis=1) / 2
""",
            "sample_latents": """
def sample_latents(z_mean, z_log_var, n_samples, rng):
    return z_mean + np.exp(z_log_var / 2) * np.random.standard_normal((n_samples, *z_mean.shape))
""",
            "bernoulli_nats": """
def bernoulli_nats(x, logits):
    return (np.logaddexp(0, logits) - x * logits).mean(axis=1)
""",
            "vae": _VAE.format("""shape = ops.shape(z_mean)
        epsilon = keras.random.normal(shape, seed=self.generator)
        logits = self.decoder(z_mean + ops.exp(z_log_var / 2) * epsilon)
        reconstruction = ops.mean(ops.binary_crossentropy(x, logits, from_logits=True))
        return reconstruction, ops.mean(z_mean**2 + ops.exp(z_log_var) - 1 - z_log_var) / 2"""),
            "mended": _MENDED.format("tanh"),
        },
        {
            "kl_visible",
            "kl_hidden",
            "sample_visible",
            "nats_visible",
            "nats_hidden",
            "terms_visible",
            "terms_numpy",
            "terms_hidden",
            "mended_hidden",
        },
    ),
}
