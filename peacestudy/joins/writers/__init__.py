"""The analysis frame out again, one small module a format: Stata, Parquet, Excel, CSV."""
