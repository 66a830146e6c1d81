# Writes frame.rds and several.rda into the folder it runs in: made-up values of every kind that a data frame holds.
library(haven)
frame <- data.frame(
  id = c("NA", "007", NA), x = c(1.5, NA, 3), n = c(1L, NA, 3L), f = factor(c("low", "high", NA)), b = c(TRUE, NA, FALSE),
  d = as.Date(c("2001-02-03", NA, "1816-01-01")), p = as.POSIXct(c("2001-02-03 04:05:06", NA, "1960-01-01 00:00:00"), tz = "UTC"),
  stringsAsFactors = FALSE
)
frame$h <- labelled(c(1, 2, NA), c(low = 1, high = 2), label = "Level")
attr(frame$x, "label") <- "An x"
saveRDS(frame, "frame.rds")
second <- frame[1:2, c("id", "n")]
run <- function(...) file.create("ran")
where <- new.env()
save(frame, second, run, where, file = "several.rda")
