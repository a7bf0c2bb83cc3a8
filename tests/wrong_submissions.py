"""What students hand in that is wrong. For each set and student: the cells that they wrote otherwise than the reference, and the
tests that then fail, no more and no fewer."""
WRONG = {}
WRONG["set1_pca"] = {
    # The usual slips: nothing centred, shares of the kept components only, a factor 2 forgotten, one mean for all pixels.
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
    mean, components = x_train.mean(axis=0), np.linalg.svd(x_train - x_train.mean(axis=0), full_matrices=False)[2]
    for k in range(1, len(components) + 1):
        x_hat = mean + (x_train - mean) @ components[:k].T @ components[:k]  # judged on what it was fitted to
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
        {"fit_pca_right", "ratio_right", "needed_hidden", "gradients_hidden", "mended_visible", "mended_hidden"},
    ),
    # Components as columns; singular values for variances, the smallest first; off by one; W for its transpose; PCA put in by hand.
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
    mean, components = x_train.mean(axis=0), np.linalg.svd(x_train - x_train.mean(axis=0), full_matrices=False)[2]
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
            "fit_pca_shapes", "fit_pca_right", "ratio_shape", "ratio_right", "needed_visible", "needed_hidden",
            "gradients_visible", "gradients_hidden", "mended_hidden",
        },
    ),
}  # fmt: skip
