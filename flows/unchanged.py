"""Whether a run would do nothing, found before Prefect's server and the models are loaded."""

import hashlib
import json
import logging
from typing import TYPE_CHECKING, Any

from flows.modality.before import BEFORE, require_same_kind
from tasks.curating.file import TonightsCuration, read_curation
from tasks.frame.code import code_digest
from tasks.publishing.unchanged import is_kept, was_kept
from tasks.reading.sources.base import Feed
from tasks.store.bucket.claim import run_lock
from tasks.store.fetched.landed import nothing_landed
from tasks.store.files import sha256_of
from tasks.store.followed import followed_problem
from tasks.store.history import read_history, require_intact
from tasks.store.manifests import require_known_format
from tasks.store.pruned import pruned_path
from tasks.store.storage import Store
from tasks.vectors.encoder import EncoderRef
from validation.errors import NightfoldError

if TYPE_CHECKING:
    from flows.config import NightlyConfig

logger = logging.getLogger(__name__)


def is_unchanged(config: "NightlyConfig") -> bool:
    """Return whether tonight is published already, and all that it was made from is as it was.

    A feed that is not on this machine is left to the run, which would fetch it once more.
    """
    store = config.tonight()
    if "://" in config.feed or not was_kept(store):
        return False
    try:
        with run_lock(store), nothing_landed(store):
            require_known_format(store.root)
            past = read_history(store)
            require_same_kind(config, past)
            require_intact(store, past)
            before = BEFORE[config.modality]
            feed = before.found(store, config, past)
            encoder = before.encoder(config, past.last)
            curation = read_curation(store, config.curation)
            has_report = not config.report.enabled or followed_problem(store) is None
            return has_report and is_kept(store, inputs_digest(config, feed, encoder, curation))
    except (NightfoldError, OSError) as error:
        # The run meets it again, and is there to be seen when it fails.
        logger.info("night %s has to be run: %s", store.night, error)
        return False


def inputs_digest(
    config: "NightlyConfig", feed: Feed, encoder: EncoderRef, curation: TonightsCuration
) -> str:
    """Return the digest of all that a night is made from.

    Parameters
    ----------
    config
        What decides something of it, and not where things lie: a store can be moved.
    feed, encoder, curation
        As they were found before the first stage.
    """
    parts = {
        "code": code_digest(),
        "config": config.decided(),
        "feed": [piece.model_dump(exclude={"path"}) for piece in feed.pieces],
        "state": feed.state.model_dump(mode="json") if feed.state else None,
        "encoder": encoder.model_dump(mode="json"),
        "curation": curation.digest,
        "nights": _other_nights(config.tonight()),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _other_nights(store: Store) -> dict[str, str]:
    """Return the digests of what says what the feed's other nights are."""
    nights = (store.on(it) for it in store.published_nights() if it != store.night)
    found: dict[str, Any] = {str(it.night): sha256_of(it.manifest_path()) for it in nights}
    pruned = pruned_path(store)
    return found | ({pruned.name: sha256_of(pruned)} if pruned.is_file() else {})
