"""Everything that a night loads, for the process that others are forked off: they find it there."""

import gc
from importlib import import_module

from tests.flows.warm import load_all_of
from tests.garbage import look_for_garbage_seldom

# Objects that are there to stay: a child that looks through them for garbage would copy their memory.
gc.disable()
for library in (
    "flows.nightly", "graphviz", "pytest", "sentence_transformers", "tests.flows.processes",
    "transformers.models.bert.modeling_bert",
):  # fmt: skip
    import_module(library)
load_all_of("models", "tasks", "validation")
gc.freeze()
look_for_garbage_seldom()
gc.enable()
