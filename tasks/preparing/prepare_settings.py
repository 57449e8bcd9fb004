"""How texts are prepared, as it is configured."""

from pydantic import BaseModel, ConfigDict, Field


class PrepareSettings(BaseModel):
    """How texts are normalised."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_text_chars: int = Field(
        10_000, ge=100, description="Longer texts are cut here and flagged."
    )
    mail: bool = Field(
        False,
        description="Texts are mails: quoted lines, signatures and lines that many of tonight's"
        " texts have are not embedded.",
    )
