"""Functions on arrays: each fits a model, or a batch of models, and names its paper."""
