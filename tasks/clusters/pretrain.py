"""Learn the latent space, from nothing or on from that of the last night.

Reads  items (embedding, lexical), the last night's model or none
Writes the pretrained model
"""

import logging

import numpy as np

from models.core.threads import one_thread
from tasks.clusters.estimators import (
    ClusteringSettings,
    load_estimator,
    new_estimator,
    read_features,
)
from tasks.frame.progress import shown_progress
from tasks.frame.stage import stage
from tasks.store.storage import ModelRef, Store, keep_folder, model_folder, scratch_folder
from tasks.vectors.views import Views

logger = logging.getLogger(__name__)


@stage("pretrain", version=3, retries=1)
@one_thread()
def pretrain(
    store: Store,
    views: Views,
    earlier: ModelRef | None,
    settings: ClusteringSettings,
    random_state: int,
) -> ModelRef:
    """Pretrain the autoencoder on the window's texts, without looking for clusters yet.

    With an earlier model, its autoencoder learns tonight's texts and is reminded of others.
    """
    X = read_features(store, views, settings)
    with shown_progress("pretrain") as report:
        if earlier is None:
            estimator = new_estimator(settings, views, random_state)
            estimator.pretrain(X, progress=report)
        else:
            with model_folder(store, earlier) as folder:
                estimator = load_estimator(settings, folder)
            is_new = np.arange(len(X)) >= views.n_known
            estimator.continue_pretraining(X, is_new, progress=report)
    logger.info("pretrained %s on %s texts", settings.estimator, f"{len(X):,}")
    with scratch_folder(store) as folder:
        estimator.save(folder)
        return keep_folder(store, "pretrain", folder)
