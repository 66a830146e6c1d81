"""Multiple imputation and its pooling."""
