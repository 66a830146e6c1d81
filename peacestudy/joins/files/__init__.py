"""Joins of Parquet files that memory does not hold."""

from peacestudy.joins.files.join_files import ParquetJoin, join_parquet

__all__ = ["ParquetJoin", "join_parquet"]
