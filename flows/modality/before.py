"""What is known of a night before its first stage, for a kind of document: encoder and feed.

Nothing here imports Prefect or a model: a night that is there already asks for no more.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from tasks.reading.sources.base import Feed
from tasks.store.history import History, PastNight
from tasks.store.storage import Store
from tasks.vectors.encoder import EncoderRef
from validation.errors import NightfoldError

if TYPE_CHECKING:
    from flows.config import NightlyConfig
    from tasks.images.feed import Where
    from tasks.operating.glance import Glance, Told
    from tasks.operating.items.looks import ItemLooks
    from tasks.operating.placeable import Placeable
    from tasks.operating.trial import Trial
    from tasks.series.feed import Where as WhereSeries


class Before(Protocol):
    """A kind of document, before the first stage."""

    def encoder(self, config: "NightlyConfig", last: PastNight | None) -> EncoderRef:
        """Return the encoder as far as it is known."""
        ...

    def found(self, store: Store, config: "NightlyConfig", past: History) -> Feed:
        """Find the feed."""
        ...

    def trial(self, config: "NightlyConfig", scratch: Path) -> "Trial":
        """Read the feed and check its rows as those of a first night."""
        ...

    def placeable(self) -> "Placeable":
        """Return how new documents are placed in the clusters of a night."""
        ...

    def told(self, glance: "Glance") -> "Told | None":
        """Return why a feed seems to be of this kind; None where it does not."""
        ...

    def looks(self, trial: "Trial") -> "ItemLooks | None":
        """Return what its items look like; None where that is what their texts look like."""
        ...


class Text:
    """Texts: a frozen encoder, and files of rows."""

    def encoder(self, config: "NightlyConfig", last: PastNight | None) -> EncoderRef:
        """Return the encoder, with the kind of vectors that it is to give on this machine."""
        from tasks.vectors.encoder import encoder_ref

        before = last.encoder if last else None
        return encoder_ref(config.encoder, config.embed, config.clustering.device, before)

    def found(self, store: Store, config: "NightlyConfig", past: History) -> Feed:
        """Find the feed."""
        from tasks.reading.pieces import find_pieces

        return find_pieces(store, config.tonights_feed(), config.sources(), past.stopped)

    def trial(self, config: "NightlyConfig", scratch: Path) -> "Trial":
        """Read the feed and check its rows as those of a first night."""
        from tasks.operating.trial import try_feed

        how = (config.ingest, config.check, config.night, scratch, config.sources())
        return try_feed(config.tonights_feed(), *how)

    def placeable(self) -> "Placeable":
        """Return how new documents are placed in the clusters of a night."""
        from tasks.operating.placeable import Texts

        return Texts()

    def told(self, glance: "Glance") -> "Told | None":
        """Return which column holds texts; None where none does."""
        from tasks.operating.glance import told_texts

        return told_texts(glance)

    def looks(self, trial: "Trial") -> "ItemLooks | None":
        """Return None: what texts look like, `survey_rows` tells."""
        return None


class Images:
    """Images: an encoder that is learnt, and files that are images or lead to some."""

    def encoder(self, config: "NightlyConfig", last: PastNight | None) -> EncoderRef:
        """Return the encoder that is given, else that of the night before."""
        from tasks.items.known import encoder_of

        if config.images.encoder:
            from tasks.vectors.encoder import find_encoder_ref

            return find_encoder_ref(config.images.encoder)
        return encoder_of("images", last.learnt if last else None)

    def found(self, store: Store, config: "NightlyConfig", past: History) -> Feed:
        """Find the feed."""
        from tasks.images.feed import find_images

        return find_images(store, where_images_are(config), past.stopped)

    def trial(self, config: "NightlyConfig", scratch: Path) -> "Trial":
        """Read the feed and check its rows as those of a first night."""
        from tasks.operating.items.images import try_images

        aside = Store(root=scratch, feed="trial", night=config.night)
        return try_images(aside, where_images_are(config), config.check)

    def placeable(self) -> "Placeable":
        """Return how new documents are placed in the clusters of a night."""
        from tasks.operating.items.images import Images as PlacedImages

        return PlacedImages()

    def told(self, glance: "Glance") -> "Told | None":
        """Return what in a feed leads to images; None where nothing does."""
        from tasks.operating.items.images import told

        return told(glance)

    def looks(self, trial: "Trial") -> "ItemLooks | None":
        """Return what the images look like."""
        from tasks.operating.items.images import looks

        return looks(trial)


class Series:
    """Time series: an encoder that is learnt, and tables whose rows are gathered."""

    def encoder(self, config: "NightlyConfig", last: PastNight | None) -> EncoderRef:
        """Return the encoder of the night before."""
        from tasks.items.known import encoder_of

        return encoder_of("series", last.learnt if last else None)

    def found(self, store: Store, config: "NightlyConfig", past: History) -> Feed:
        """Find the feed."""
        from tasks.series.feed import find_series

        return find_series(store, where_series_are(config), past.stopped)

    def trial(self, config: "NightlyConfig", scratch: Path) -> "Trial":
        """Read the feed and check its rows as those of a first night."""
        from tasks.operating.items.series import try_series

        aside = Store(root=scratch, feed="trial", night=config.night)
        return try_series(aside, where_series_are(config), config.check)

    def placeable(self) -> "Placeable":
        """Return how new documents are placed in the clusters of a night."""
        from tasks.operating.items.series import Series as PlacedSeries

        return PlacedSeries()

    def told(self, glance: "Glance") -> "Told | None":
        """Return what in a feed leads to series; None where nothing does."""
        from tasks.operating.items.series import told

        return told(glance)

    def looks(self, trial: "Trial") -> "ItemLooks | None":
        """Return what the series look like."""
        from tasks.operating.items.series import looks

        return looks(trial)


def where_series_are(config: "NightlyConfig") -> "WhereSeries":
    """Return where tonight's series are, and how they are read."""
    from tasks.series.feed import Where

    return Where(
        feed=config.tonights_feed(),
        series=config.series,
        ingest=config.ingest,
        sources=config.sources(),
    )


def where_images_are(config: "NightlyConfig") -> "Where":
    """Return where tonight's images are, and how they are read."""
    from tasks.images.feed import Where, fixed_part

    return Where(
        feed=config.tonights_feed(),
        fixed=fixed_part(config.feed),
        images=config.images,
        ingest=config.ingest,
        sources=config.sources(),
    )


class OtherModalityError(NightfoldError, ValueError):
    """A feed whose nights hold documents of another kind."""


def require_same_kind(config: "NightlyConfig", past: History) -> None:
    """Fail where the nights before hold documents of another kind: no cluster is of both.

    Raises
    ------
    OtherModalityError
        Naming both.
    """
    last = past.last
    if last and last.modality != config.modality:
        raise OtherModalityError(
            f"modality must be {last.modality!r} as on night {last.night} of feed"
            f" {config.feed_name}, got {config.modality!r}: give these documents a feed_name of"
            " their own"
        )


BEFORE: Final[dict[str, Before]] = {"text": Text(), "images": Images(), "series": Series()}
"""Setting `modality` → the kind."""
