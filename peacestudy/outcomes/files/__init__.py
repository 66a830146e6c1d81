"""Files of the reader's own, by one door: CSV, Excel, Stata, Parquet,
SPSS, R. Labels are kept, nothing is unpickled.
"""

from peacestudy.outcomes.files.read import FORMATS, read_file
from peacestudy.outcomes.files.table import FileTable

__all__ = ["FORMATS", "FileTable", "read_file"]
