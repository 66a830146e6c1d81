"""Cells of tables: numbers and intervals as they are printed."""

import pandas as pd


def number(value: float) -> str:
    """A number with two decimals, from 1,000 on with none; empty where it is missing."""
    if pd.isna(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}"


def two_decimals(value: float) -> str:
    """A number with two decimals; empty where it is missing."""
    return "" if pd.isna(value) else f"{value:.2f}"


def interval(table: pd.DataFrame, estimate: str, low: str, high: str) -> list[str]:
    """Estimates with their intervals; empty where the estimate is missing."""
    cells = []
    for middle, lower, upper in table[[estimate, low, high]].to_numpy(dtype=float):
        text = two_decimals(middle)
        if text and not pd.isna(lower):
            text += f" [{lower:.2f}, {upper:.2f}]"
        cells.append(text)
    return cells
