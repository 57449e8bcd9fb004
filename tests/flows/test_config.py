"""The configuration: defaults, TOML, what the command line says on top, and clear refusals."""

from datetime import date
from pathlib import Path

import pytest

from flows.config import NightlyConfig, load_config
from flows.toml_file import ConfigError

SAID = {"feed": "feed.jsonl", "store": "store"}


def test_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "nightfold.toml"
    file.write_text('window_days = 5\n[clustering]\nn_clusters = 4\nestimator = "idec"\n')
    config = load_config(file, SAID | {"clustering.n_clusters": 7, "window_days": None})
    assert (config.window_days, config.clustering.n_clusters, config.clustering.estimator) == (
        5,
        7,
        "idec",
    )


def test_paths_become_absolute_for_a_worker_elsewhere() -> None:
    config = load_config(None, SAID)
    assert config.store == Path("store").absolute()
    assert config.feed == str(Path("feed.jsonl").absolute())
    assert (
        load_config(None, SAID | {"feed": "s3://bucket/feed-*.jsonl"}).feed
        == "s3://bucket/feed-*.jsonl"
    )


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (
            "n_clusters = 3",
            "n_clusters in .* is not a configuration key; did you mean clustering.n_clusters",
        ),
        ("colour = 3", "colour in .* is not a configuration key; docs/settings.md lists them"),
        ("window_day = 3", r"is not a configuration key; did you mean window_days\?"),
        ("[ingest.columns]\ntxt = 'b'", r"ingest.columns.txt in .*mean ingest.columns.text\?"),
        ("[identity]\nmin_share = 2", r"did you mean identity.min_shared\?"),
        (
            "[clustering]\nn_clusters = 0",
            "clustering.n_clusters in .* must be greater than 0 or 'auto', got 0$",
        ),
        (
            "[clustering]\nestimator = 'hdbscan'\nn_clusters = 4",
            "n_clusters must be 'auto' with 'hdbscan', got 4$",
        ),
        ("[ingest]\nencoding = 'utf-9'", "encoding must be .* that Python knows, got 'utf-9'$"),
        ("[ingest]\ndate_format = '%H:%M'", "date_format must have the year, got '%H:%M'$"),
        ("[check]\nmax_refused_share = 2", "check.max_refused_share"),
        ("[identity]\nmin_jaccard = 2.0", "min_jaccard must be above 0"),
        ("window_days = ", "must be a readable TOML file"),
        ("feed_name = '../other'", "feed_name"),
    ],
)
def test_a_bad_file_is_refused_with_key_rule_and_value(
    tmp_path: Path, toml: str, sentence: str
) -> None:
    file = tmp_path / "nightfold.toml"
    file.write_text(toml)
    with pytest.raises(ConfigError, match=sentence):
        load_config(file, SAID)


def test_a_dated_feed_has_tonights_date_when_it_is_asked_for() -> None:
    config = load_config(None, SAID | {"feed": "/in/{night-1:%Y/%m}/*", "night": "2026-03-01"})
    assert config.feed == "/in/{night-1:%Y/%m}/*"
    assert config.tonights_feed() == "/in/2026/02/*"


def test_a_date_that_is_spelled_wrong_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"\{night-1\} for the day before.*got \{night - 1\}"):
        load_config(None, SAID | {"feed": "r-{night - 1}.jsonl"})


@pytest.mark.parametrize("store", ["gs://bucket/store", "s3://bucket/../store", "s3://"])
def test_a_store_elsewhere_is_refused(store: str) -> None:
    with pytest.raises(ConfigError, match="store must be a local folder or s3://bucket/prefix"):
        load_config(None, SAID | {"store": store})


def test_a_store_on_a_bucket_stays_a_url_wherever_it_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTFOLD_BUCKET_COPIES", str(tmp_path))
    config = load_config(None, SAID | {"store": "s3://bucket/store/"})
    told = config.model_dump(mode="json")
    assert told["store"] == "s3://bucket/store"
    assert NightlyConfig.model_validate(told) == config
    assert not list(tmp_path.iterdir())
    assert config.tonight().root.parent == tmp_path


@pytest.mark.parametrize("feed", ["s3://bucket/store/in/", "s3a://bucket/**/*.csv", "s3://bucket"])
def test_a_feed_on_the_bucket_is_apart_from_the_store(feed: str) -> None:
    with pytest.raises(ConfigError, match="must not lie inside the"):
        load_config(None, SAID | {"feed": feed, "store": "s3://bucket/store"})
    for apart in ("s3://bucket/storeroom/", "s3://bucket/reviews-{night}.csv"):
        load_config(None, SAID | {"feed": apart, "store": "s3://bucket/store"})


def test_the_manifest_part_leaves_out_where_things_lie() -> None:
    config = NightlyConfig(feed="f", store=Path("s"), night=date(2026, 3, 1))
    assert not {"feed", "store"} & config.decided().keys()
    assert config.decided()["night"] == "2026-03-01"
    assert config.decided()["titles"] == {"model": ""}


def test_the_form_of_the_ui_has_every_field_described() -> None:
    schema = NightlyConfig.model_json_schema()
    assert {"feed", "store", "night", "window_days", "clustering"} <= schema["properties"].keys()
    assert schema["properties"]["window_days"]["description"]


def test_the_flow_is_an_entrypoint_whose_config_is_a_form() -> None:
    from prefect.flows import load_flow_from_entrypoint

    flow = load_flow_from_entrypoint("flows/nightly.py:nightly")
    schema = flow.parameters.model_dump()
    assert schema["required"] == ["config"]
    assert "window_days" in schema["definitions"]["NightlyConfig"]["properties"]


def test_a_password_in_the_feed_is_refused_before_prefect_can_record_it() -> None:
    with pytest.raises(ConfigError, match="without a password") as refused:
        load_config(None, SAID | {"feed": "sftp://me:hunter2@host/feed.jsonl"})
    assert "hunter2" not in f"{refused.value} {refused.value.__cause__}"


def test_a_night_that_has_not_come_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="night must not be in the future, got 2099-01-01; it is 20"
    ):
        load_config(None, {"feed": "f", "store": "s", "night": "2099-01-01"})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("feed", "https://s3cr3t@host/f.jsonl"),
        ("feed", "https://host/f.jsonl?sig=s3cr3t"),
        ("feed", ["https://host/f.jsonl?sig=s3cr3t"]),
        ("encoder", "https://me:s3cr3t@host/model"),
        ("store", "s3://KEY:s3cr3t@bucket/store"),
        ("window_days", "https://me:s3cr3t@host/"),
        ("rss.urls", ["https://host/atom?token=s3cr3t"]),
        ("rss.urls", "https://me:s3cr3t@host/atom"),
    ],
)
def test_no_secret_is_taken_or_repeated_whatever_key_it_comes_under(
    key: str, value: object
) -> None:
    with pytest.raises(ConfigError, match=key) as refused:
        load_config(None, SAID | {key: value})
    assert "s3cr3t" not in str(refused.value)


def test_a_store_inside_the_feed_is_refused(tmp_path: Path) -> None:
    for feed, store in (
        (tmp_path, tmp_path / "store"),
        (tmp_path / "store" / "in", tmp_path / "store"),
    ):
        with pytest.raises(ConfigError, match="must not lie inside"):
            load_config(None, {"feed": str(feed), "store": str(store)})


def test_a_path_with_the_mark_of_a_chain_becomes_absolute_too() -> None:
    assert load_config(None, SAID | {"feed": "x::y.jsonl"}).feed == str(
        Path("x::y.jsonl").absolute()
    )


def test_settings_of_another_kind_of_feed_are_refused_and_not_recorded(tmp_path: Path) -> None:
    file = tmp_path / "nightfold.toml"
    file.write_text('[sql]\ntable = "reviews"\nsince = "id"\n')
    with pytest.raises(ConfigError, match=r"feed in .*: \[sql\] is set, and feed.jsonl is no feed"):
        load_config(file, SAID)
    database = load_config(file, SAID | {"feed": "sqlite:///reviews.db"})
    assert database.feed == f"sqlite:///{Path('reviews.db').absolute()}"
    assert database.sources().sql == database.sql
    assert database.decided()["sql"] == {"table": "reviews", "query": "", "since": "id"}
    assert "sql" not in load_config(None, SAID).decided()
    with pytest.raises(ConfigError, match="must not lie inside the store"):
        load_config(file, SAID | {"feed": "sqlite:///store/reviews.db"})
    file.write_text('[sql]\ntable = "reviews"\nquery = "select 1"\n')
    with pytest.raises(ConfigError, match=r"sql in .* must have a table or a query, got both"):
        load_config(file, SAID | {"feed": "sqlite:///reviews.db"})


@pytest.mark.parametrize(
    ("watch", "said"),
    [
        ("{ text = 'recall', nme = 'x' }", "watch.nme in .* is not a configuration key"),
        ("{ name = 'x' }", "watch.text is missing"),
        ("{ text = 'recall' }, { text = 'recall' }", "2 are called 'recall'; set `name`"),
        ("'recall'", r"watch must be written as \[\[watch\]\], one a watch, got \['recall'\]"),
    ],
)
def test_a_watch_that_cannot_be_is_named_by_its_key(tmp_path: Path, watch: str, said: str) -> None:
    file = tmp_path / "a.toml"
    file.write_text(f"feed = 'f'\nstore = 's'\nwatch = [{watch}]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_config(file, {})


def test_where_a_curation_lies_is_absolute_and_decides_nothing() -> None:
    config = load_config(None, {"feed": "f", "store": "s", "curation": "rules.toml"})
    assert config.curation == Path("rules.toml").absolute()
    assert "curation" not in config.decided()


def test_a_model_does_not_depend_on_what_is_watched() -> None:
    from flows.clusters import recipe
    from flows.modality.text import Text

    plain = NightlyConfig(feed="f", store=Path("s"))
    watching = NightlyConfig(feed="f", store=Path("s"), watch=[{"text": "recall"}])
    assert recipe(plain, "d", Text()) == recipe(watching, "d", Text())


def test_images_are_clustered_coarsely_unless_it_is_said_how() -> None:
    def granularity(**clustering: object) -> float:
        given = {"feed": "f", "store": "s", "modality": "images", "clustering": clustering}
        return NightlyConfig.model_validate(given).clustering.granularity

    assert granularity() == 0.25
    assert granularity(granularity=3) == 3
    assert granularity(estimator="k-means") == 2.0
    assert NightlyConfig(feed="f", store=Path("s")).clustering.granularity == 2.0


def test_what_a_night_of_texts_decides_reads_as_before_there_were_images() -> None:
    texts = NightlyConfig(feed="f", store=Path("s")).decided()
    images = NightlyConfig(feed="f", store=Path("s"), modality="images").decided()
    assert texts.keys() ^ images.keys() == {"modality", "images"}
    assert images["modality"] == "images"
