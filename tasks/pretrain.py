"""Learn the latent space.

Reads  items (embedding, lexical)
Writes the pretrained model
"""

import logging

from tasks.clustering import ClusteringSettings, new_estimator, read_features
from tasks.embed import Views
from tasks.progress import shown_progress
from tasks.stage import stage
from tasks.storage import ModelRef, Store, keep_folder, scratch_folder

logger = logging.getLogger(__name__)


@stage("pretrain", version=2, retries=1)
def pretrain(
    store: Store, views: Views, settings: ClusteringSettings, random_state: int
) -> ModelRef:
    """Pretrain the autoencoder on the window's texts, without looking for clusters yet."""
    X = read_features(store, views, settings)
    estimator = new_estimator(settings, views, random_state)
    with shown_progress("pretrain") as report:
        estimator.pretrain(X, progress=report)
    logger.info("pretrained %s on %s texts", settings.estimator, f"{len(X):,}")
    with scratch_folder(store) as folder:
        estimator.save(folder)
        return keep_folder(store, "pretrain", folder)
