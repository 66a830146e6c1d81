"""Refit a model to many samples: permutation tests, randomisation tests and the bootstrap."""

from peacestudy.models.resampling.block_bootstrap import Bootstrap, bootstrap
from peacestudy.models.resampling.permutation import permutation_test
from peacestudy.models.resampling.randomisation import randomisation_test
from peacestudy.models.resampling.resampled_step_down import RomanoWolf, romano_wolf

__all__ = [
    "Bootstrap",
    "RomanoWolf",
    "bootstrap",
    "permutation_test",
    "randomisation_test",
    "romano_wolf",
]
