"""Notes that a fit carries, and the tests of the assumptions behind them."""
