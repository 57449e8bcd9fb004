"""Learn the latent space, from scratch or continuing from last night's.

Reads  items (embedding), the lexical views, the last night's model or none
Writes the pretrained model
"""

import logging
from functools import partial
from typing import Literal

import numpy as np

from models.clusterer.clusterer import Clusterer
from models.core.arrays import AnyFloats
from models.core.records import Progress
from models.core.threads import one_thread
from models.text.language.told import is_mostly_foreign
from tasks.clusters.estimators import ClusteringSettings, load_estimator, new_estimator
from tasks.clusters.features import read_features
from tasks.clusters.numbers import ChosenNumbers
from tasks.frame.progress import shown_progress
from tasks.frame.stage import stage
from tasks.store.storage import ModelRef, Store, keep_model, load_model
from tasks.vectors.views import Views

logger = logging.getLogger(__name__)


@stage("pretrain", version=8, retries=1)
@one_thread()
def pretrain(
    store: Store,
    views: Views,
    earlier: ModelRef | None,
    settings: ClusteringSettings,
    random_state: int,
    chosen: ChosenNumbers | None = None,
) -> ModelRef:
    """Pretrain the autoencoder on the window's texts, without looking for clusters yet.

    With an earlier model, its autoencoder learns tonight's texts and is reminded of others. Numbers
    that an earlier fit chose stay with the new model, which holds on to them. Where the encoder has
    not learnt the language of most texts, their words weigh more.
    """
    X = read_features(store, views, settings)
    if earlier is None:
        estimator = estimator_for(views, settings, random_state, chosen)
    else:
        estimator = load_model(store, earlier, partial(load_estimator, settings))
    with shown_progress("pretrain") as report:
        learn_representation(estimator, X, None if earlier is None else views.n_known, report)
    logger.info("pretrained %s on %s texts", settings.estimator, f"{len(X):,}")
    return keep_model(store, "pretrain", estimator.save, earlier)


def estimator_for(
    views: Views, settings: ClusteringSettings, random_state: int, chosen: ChosenNumbers | None
) -> Clusterer:
    """Make the estimator for the window's texts, unfitted; see `pretrain`."""
    near = (chosen.topics, chosen.themes) if chosen else None
    is_foreign = is_mostly_foreign(views.languages, views.encoder_languages)
    rows: Literal["texts", "items"] = "texts" if views.are_texts else "items"
    return new_estimator(settings, views.dims, random_state, near, is_foreign, rows)


def learn_representation(
    estimator: Clusterer, X: AnyFloats, n_known: int | None, report: Progress
) -> None:
    """Train the part of an estimator that comes before the clusters, in place.

    Parameters
    ----------
    estimator
        Unfitted, or one of an earlier night.
    X
        Shape (n_texts, n_features), the texts of earlier nights first.
    n_known
        How many of them an earlier fit has learnt; None: start from scratch.
    report
        Called with the progress.
    """
    if n_known is None:
        estimator.pretrain(X, progress=report)
    else:
        estimator.continue_pretraining(X, np.arange(len(X)) >= n_known, progress=report)
