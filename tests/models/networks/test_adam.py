"""Adam: the same bits as torch's classes, without what they load."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from models.networks.adam import Adam

_TRAIN = """
import sys, torch
from models.networks.training import Schedule, fit_epochs
from models.networks.adam import Adam
layer = torch.nn.Linear(2, 1)
losses = lambda rows: {"loss": layer(torch.ones(len(rows), 2)).sum()}
fit_epochs(Adam(layer.parameters(), 0.1), losses, 3, Schedule("step", 2, 2, 0))
print("torch._dynamo" in sys.modules)
"""


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))


@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_it_takes_the_steps_of_torch(weight_decay: float) -> None:
    own, reference = network(), network()
    made: type[torch.optim.Optimizer] = torch.optim.AdamW if weight_decay else torch.optim.Adam
    theirs = made(reference.parameters(), lr=0.01, weight_decay=weight_decay, fused=True)  # type: ignore[call-arg]
    ours = Adam(own.parameters(), 0.01, weight_decay)
    for rows in torch.randn(20, 8, 6, generator=torch.Generator().manual_seed(1)):
        for optimizer, model in ((theirs, reference), (ours, own)):
            optimizer.zero_grad()
            model(rows).square().mean().backward()
            optimizer.step()
    for found, expected in zip(own.parameters(), reference.parameters(), strict=True):
        assert torch.equal(found, expected)


def test_what_has_no_gradient_stays_as_it_is() -> None:
    model = network()
    before = model[2].weight.clone()
    optimizer = Adam(model.parameters(), 0.1)
    optimizer.zero_grad()
    model[0](torch.ones(1, 6)).sum().backward()
    optimizer.step()
    assert torch.equal(model[2].weight, before)


def test_the_learning_rate_may_be_set_anew() -> None:
    model = network()
    optimizer = Adam(model.parameters(), 0.1)
    optimizer.learning_rate = 0.0
    before = [parameter.clone() for parameter in model.parameters()]
    model(torch.ones(1, 6)).sum().backward()
    optimizer.step()
    assert all(map(torch.equal, before, model.parameters()))


def test_nothing_to_train_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one to train"):
        Adam([], 0.1)


def test_training_does_not_load_the_compiler() -> None:
    run = subprocess.run([sys.executable, "-c", _TRAIN], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
