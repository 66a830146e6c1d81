# What R makes of a CSV file and a Stata file that ps.joins.write wrote.
#   Rscript generate.R folder_with_cases.csv_and_cases.dta > expected.txt
# The folder holds the frame `cases()` of tests/joins/test_write.py.
folder <- commandArgs(trailingOnly = TRUE)[1]
d <- read.csv(file.path(folder, "cases.csv"), na.strings = "", stringsAsFactors = FALSE,
              colClasses = c(code = "character", signed = "Date"), encoding = "UTF-8")
cat("class:", vapply(d, function(x) class(x)[1], ""), "\n")
for (name in names(d)) {
  x <- d[[name]]
  shown <- if (is.numeric(x)) sprintf("%.17g", x) else enc2utf8(as.character(x))
  shown <- ifelse(is.na(x), "<missing>", gsub("\r", "\\r", gsub("\n", "\\n", shown, fixed = TRUE), fixed = TRUE))
  cat(name, "|", paste(shown, collapse = " | "), "\n", sep = "")
}
if (requireNamespace("haven", quietly = TRUE)) {
  s <- haven::read_dta(file.path(folder, "cases.dta"))
  cat("haven labels:", attr(s$iso2, "label"), "/", attr(s$deaths, "label"), "/", names(attr(s$n, "labels")), "\n")
  cat("haven numbers:", sprintf("%.17g", s$deaths), "/", s$n, "/", s$agreed, "/", format(s$signed), "\n")
}
