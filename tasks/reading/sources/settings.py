"""The groups of settings that kinds of feeds have, each named as its key in the configuration."""

from pydantic import BaseModel, ConfigDict

from tasks.reading.sources.api.settings import HttpSettings
from tasks.reading.sources.rss.settings import RssSettings
from tasks.reading.sources.sql.settings import SqlSettings


class SourceSettings(BaseModel):
    """One group for each kind that has settings of its own; add one by its import and its line."""

    model_config = ConfigDict(frozen=True)

    sql: SqlSettings = SqlSettings()
    http: HttpSettings = HttpSettings()
    rss: RssSettings = RssSettings()
