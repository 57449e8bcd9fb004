"""Saved models of a stage: what every stage that learns does with its files."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tasks.store.storage import ModelRef, Store, keep_folder, model_folder, scratch_folder

M = TypeVar("M")


def load_model(store: Store, model: ModelRef, load: Callable[[Path], M]) -> M:
    """Load a saved model from a folder in which its files are laid out; see `model_folder`."""
    with model_folder(store, model) as folder:
        return load(folder)


def keep_model(store: Store, stage: str, save: Callable[[Path], None]) -> ModelRef:
    """Keep every file that a model saves into a folder."""
    with scratch_folder(store) as folder:
        save(folder)
        return keep_folder(store, stage, folder)
