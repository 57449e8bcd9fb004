"""The settings of a night, validated at the flow's edge; the Prefect UI makes a form of them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import (
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema

from flows.config_keys import explained, keys_of
from flows.feeds import settings_in
from flows.form import form_schema, from_form
from flows.laid_over import laid_over, nested
from flows.toml_file import ConfigError
from flows.variables import read_variables
from tasks.boundary.secret_urls import mask_secrets
from tasks.clusters.drift import RefitSettings
from tasks.clusters.identify import IdentityRules
from tasks.frame.runner_settings import RunnerSettings
from tasks.groups.settings import NightClustering
from tasks.images.settings import ImageSettings
from tasks.mapping.map_documents import ReportSettings
from tasks.preparing.checks import CheckSettings
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.publishing.notify.settings import Channel
from tasks.reading.dated import feed_of, require_spelled
from tasks.reading.raw_feed import IngestSettings
from tasks.reading.sources.kinds import foreign_groups, require_own_settings, source_of
from tasks.reading.sources.settings import SourceSettings
from tasks.reading.sources.urls import require_no_secret
from tasks.reporting.evaluate import EvaluateSettings
from tasks.reporting.watches import Watch, require_own_names
from tasks.series.settings import SeriesSettings
from tasks.store.bucket.place import is_bucket_url, place_of, root_of, spelled
from tasks.store.storage import Store
from tasks.titling.settings import TitleSettings
from tasks.vectors.encoder import EmbedSettings
from tasks.vectors.passages import MentionSettings

_MODALITIES: Final = ("images", "series")
"""Those that have a group of settings, which is called as they are."""


_OWN: Final = "nightfold"
_ITEM_GRANULARITY: Final = {"images": 0.25, "series": 0.5}
"""Of clusters of items that are no texts, see `models.counting.votes`: below its kind an item has
no themes that people would name. Images have the lowest vote, as their silhouette is drawn to
colours: by the middle one five kinds of drawn shapes came out as nine clusters."""


def store_place(store: Path) -> Path:
    """Return the absolute path of a store, or the URL of one on a bucket.

    Raises
    ------
    ValueError
        If it is neither.
    """
    if is_bucket_url(store):
        return Path(place_of(store).url)
    if "://" in str(store) or ":/" in str(store):
        raise ValueError(
            f"store must be a local folder or s3://bucket/prefix, got {mask_secrets(str(store))}"
        )
    return store.expanduser().absolute()


class NightlyConfig(SourceSettings):
    """One night of one feed."""

    # A refused URL may hold a password, which an error must not repeat.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    feed: str = Field(
        description="File, folder, glob or fsspec URL of JSON, CSV, Parquet or workbooks, or URL of"
        " a database, of a JSON API, or of RSS or Atom with rss+ before it. {night}"
        " in it stands for the date of the night, {night-1} for the day before, {night:%Y%m%d} for"
        " the date in another form."
    )
    store: Path = Field(
        description="Local folder of the store, created if it does not exist, or s3://bucket/prefix."
    )
    night: date = Field(
        default_factory=lambda: datetime.now(UTC).date(),
        description="The night to publish; today (UTC) if left empty.",
    )
    feed_name: str = Field(
        "default",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="Name of the feed; nights of one feed share clusters and their ids.",
    )
    window_days: PositiveInt = Field(
        30,
        description="Number of days, including tonight, whose documents are clustered together.",
    )
    encoder: str = Field(
        "all-MiniLM-L6-v2", description="Hub name or folder of a sentence-transformers model."
    )
    random_state: int = Field(0, ge=0, description="Seed of all random numbers.")
    modality: Literal["text", "images", "series"] = Field(
        "text",
        description="What a document is; the encoder of images and series is learnt from them.",
    )
    ingest: IngestSettings = IngestSettings()
    check: CheckSettings = CheckSettings()
    prepare: PrepareSettings = PrepareSettings()
    embed: EmbedSettings = EmbedSettings()
    refit: RefitSettings = RefitSettings()
    clustering: NightClustering = NightClustering()
    evaluate: EvaluateSettings = EvaluateSettings()
    identity: IdentityRules = IdentityRules()
    mentions: MentionSettings = MentionSettings()
    titles: TitleSettings = TitleSettings()
    report: ReportSettings = ReportSettings()
    runner: RunnerSettings = RunnerSettings()
    images: ImageSettings = ImageSettings()
    series: SeriesSettings = SeriesSettings()

    curation: Path | None = Field(
        None,
        description="File with what a person has decided about clusters; curation.toml in the"
        " store if left empty.",
    )
    watch: tuple[Watch, ...] = Field(
        (),
        description="Words that are always reported, whatever the clusters say; nothing is learned"
        " anew where they change.",
    )

    notify: tuple[Channel, ...] = Field(
        (),
        description="Channels that are told of a night once it is published; nobody is told if left"
        " empty.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_form(cls, given: Any) -> Any:
        return _coarse_where_no_text(from_form(given))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the schema that the UI makes a form of."""
        schema = handler.resolve_ref_schema(handler(core))
        return form_schema(schema, handler.resolve_ref_schema)

    @field_validator("night")
    @classmethod
    def _night_is_not_in_the_future(cls, night: date) -> date:
        # East of UTC it may be tomorrow already.
        today = datetime.now(UTC).date()
        if night > today + timedelta(days=1):
            raise ValueError(
                f"night must not be in the future, got {night}; it is {today} by this machine's"
                " clock (UTC)"
            )
        return night

    _store_has_a_place = field_validator("store")(store_place)

    @field_validator("store")
    @classmethod
    def _store_is_outside_the_feed(cls, store: Path, given: ValidationInfo) -> Path:
        if "feed" in given.data:
            source_of(given.data["feed"]).require_apart(store)
        return store

    @field_validator("curation")
    @classmethod
    def _curation_is_absolute(cls, curation: Path | None) -> Path | None:
        return curation.expanduser().absolute() if curation else None

    @field_validator("watch", "notify", mode="before")
    @classmethod
    def _are_tables(cls, given: Any, field: ValidationInfo) -> Any:
        if not (
            isinstance(given, (list, tuple))
            and all(isinstance(it, Mapping | Watch | Channel) for it in given)
        ):
            name, kind = field.field_name, "a watch" if field.field_name == "watch" else "a channel"
            raise ValueError(
                f"{name} must be written as [[{name}]], one {kind}, got"
                f" {mask_secrets(repr(given))[:60]}"
            )
        return given

    @field_validator("watch")
    @classmethod
    def _watches_have_names(cls, watch: tuple[Watch, ...]) -> tuple[Watch, ...]:
        require_own_names(watch)
        return watch

    @field_validator("encoder")
    @classmethod
    def _encoder_holds_no_secret(cls, encoder: str) -> str:
        require_no_secret(encoder, "encoder")
        return encoder

    @field_validator("feed")
    @classmethod
    def _feed_lasts(cls, feed: str, given: ValidationInfo) -> str:
        # Here, before a run exists: Prefect records the parameters of every run.
        require_no_secret(feed)
        require_spelled(feed)
        require_own_settings(feed, _sources_in(given.data))
        return source_of(feed).lasting()

    @field_serializer("store")
    def _store_as_written(self, store: Path) -> str:
        return spelled(store)

    def tonight(self) -> Store:
        """Return tonight's place in the store."""
        return Store(root=root_of(self.store), feed=self.feed_name, night=self.night)

    def tonights_feed(self) -> str:
        """Return where tonight's documents are: the feed with tonight's date in it, if dated."""
        return feed_of(self.feed, self.night)

    def sources(self) -> SourceSettings:
        """Return the settings of all kinds of feeds."""
        return _sources_in(self.__dict__)

    def decided(self) -> dict[str, Any]:
        """Return what determines the result, for the manifest: not where things lie."""
        foreign = foreign_groups(self.feed, self.sources())
        foreign += [it for it in _MODALITIES if it != self.modality]
        # What was decided before there was anything but texts reads as it did.
        default = ["modality"] if self.modality == "text" else []
        left_out = dict.fromkeys(
            ("feed", "store", "curation", "notify", "runner", *foreign, *default), True
        )
        where = {"titles": {"url", "timeout_seconds"}}
        return self.model_dump(mode="json", exclude={**left_out, **where})


def _coarse_where_no_text(given: Any) -> Any:
    """Let clusters of items that are no texts be coarse, where nobody says how fine they are."""
    if not isinstance(given, Mapping) or given.get("modality", "text") not in _MODALITIES:
        return given
    clustering = given.get("clustering", {})
    if not isinstance(clustering, Mapping) or clustering.get("estimator", _OWN) != _OWN:
        return given
    granularity = _ITEM_GRANULARITY[given["modality"]]
    return {**given, "clustering": {"granularity": granularity, **clustering}}


def _sources_in(values: Mapping[str, Any]) -> SourceSettings:
    """Return the settings of all kinds of feeds; a group that was refused is left out."""
    groups = SourceSettings.model_fields.keys() & values.keys()
    return SourceSettings(**{group: values[group] for group in groups})


def load_config(file: Path | None, options: dict[str, Any]) -> NightlyConfig:
    """Read a TOML file, the environment over it, and the options of the command line over both.

    Parameters
    ----------
    file
        None for the defaults.
    options
        Dotted key → value, for instance ``{"clustering.n_clusters": 8}``; None stands for an
        option that was not given.

    Raises
    ------
    ConfigError
        Naming the first key that is unknown or has an impossible value.
    """
    variables = read_variables(NightlyConfig, keys_of(NightlyConfig))
    feed_name = options.get("feed_name") or variables.get("feed_name")
    given = nested({key: value for key, value in options.items() if value is not None})
    values = laid_over(laid_over(settings_in(file, feed_name), variables), given)
    try:
        return NightlyConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(explained(error, NightlyConfig, file, variables)) from error
