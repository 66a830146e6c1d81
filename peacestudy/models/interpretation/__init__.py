"""From coefficients to meaning: effects, conditional effects, predictions, survival."""
