"""What a fitted model does with rows, many or few: it sees them, encodes them and places them."""

from models.core.arrays import Floats
from models.core.devices import resolve_device
from models.core.projection import FusedView
from models.networks.autoencoder import Autoencoder
from models.networks.heads import ClusterHeads
from models.nightfold.others import in_batches
from models.nightfold.views import Look, latent_rows, look_at


class SeesRows:
    """The part of an estimator that sees rows; X is checked already.

    Attributes
    ----------
    view_, autoencoder_, heads_
        What has been learnt.
    device
        See `models.core.devices.resolve_device`.
    """

    view_: FusedView
    autoencoder_: Autoencoder
    heads_: ClusterHeads
    device: str

    def _transform(self, X: Floats) -> Floats:
        """Return where rows lie in the latent space, shape (n_samples, latent_dim)."""
        network = self.autoencoder_.to(resolve_device(self.device))
        return in_batches(lambda rows: latent_rows(network, self.view_.transform(rows)), X)

    def _predict_proba(self, X: Floats) -> Floats:
        """Place rows by the heads alone: alike, whatever comes with them."""
        return in_batches(lambda rows: self._place(rows)[1], X)

    def _place(self, X: Floats) -> tuple[Floats, Floats]:
        """Return where rows lie in the latent space, and what the heads say of them."""
        look = self._look(X)
        return look.latent, self.heads_.predict_proba(look.views).numpy()

    def _look(self, X: Floats) -> Look:
        """See rows as the model does, all at once."""
        return look_at(self.view_, self.autoencoder_.to(resolve_device(self.device)), X)
