# Writes classes.rds, names.rds and refused.rda into the folder it runs in, and what R itself prints of the first into
# classes.csv: made-up columns of every class that changes what the stored numbers mean.
suppressMessages({library(haven); library(bit64); library(zoo); library(hms)})
d <- data.frame(id = c("a", "b", "c"), stringsAsFactors = FALSE)
d$big <- as.integer64(c("9007199254740993", NA, "-5"))
d$zone <- as.POSIXct(c("2001-01-01 00:30:00", "2001-07-01 00:30:00", NA), tz = "Europe/Stockholm")
d$matrix <- matrix(c(1, 2, 3, 4, 5, 6), 3, dimnames = list(NULL, c("u", "v")))
d$scaled <- scale(c(1, 2, 4))
d$wait <- as.difftime(c(1, 2, NA), units = "days")
d$clock <- hms(hours = c(1, 0, NA))
d$month <- as.yearmon(c(2001, 2001 + 11 / 12, NA))
d$quarter <- as.yearqtr(c(2001, 2001.75, NA))
d$tagged <- labelled(c(1, tagged_na("a"), tagged_na("z")), c(one = 1, refused = tagged_na("a")))
d$day_integer <- structure(c(10957L, NA, 0L), class = "Date")
d$day_fraction <- structure(c(10957.5, NA, -0.5), class = "Date")
d$level_na <- addNA(factor(c("x", NA, "y")))
d$ordered <- factor(c("low", "high", NA), levels = c("low", "high"), ordered = TRUE)
d$spss <- labelled_spss(c(1, 99, 92), c(no = 1, refused = 99), na_values = 99, na_range = c(90, 95))
d$falling <- 3:1
saveRDS(d, "classes.rds")
shown <- data.frame(
  big = as.character(d$big), zone = format(d$zone, "%Y-%m-%d %H:%M:%S"), matrix.u = format(d$matrix[, "u"]), matrix.v = format(d$matrix[, "v"]),
  scaled = format(d$scaled[, 1], digits = 17), wait = format(as.numeric(d$wait, units = "days")), clock = format(as.numeric(d$clock)),
  month = format(d$month, "%Y-%m"), quarter = format(d$quarter), tagged = format(as.numeric(d$tagged)),
  day_integer = format(d$day_integer), day_fraction = format(d$day_fraction), level_na = as.character(d$level_na),
  ordered = as.character(d$ordered), spss = format(ifelse(is.na(d$spss), NA, as.numeric(d$spss))), falling = format(d$falling)
)
shown[] <- lapply(shown, function(x) ifelse(trimws(x) == "NA", NA, trimws(x)))
write.csv(shown, "classes.csv", row.names = FALSE, na = "", quote = FALSE)
named <- data.frame(x = 1:2, row.names = c("Mali", "Chad"))
part <- data.frame(x = 1:5)[c(2, 4), , drop = FALSE]
local <- data.frame(x = 1:2)
local$when <- as.POSIXct(c(0, 86400), origin = "1970-01-01")
attr(local$when, "tzone") <- NULL
saveRDS(named, "names.rds")
several <- data.frame(x = 1:2)
several$list <- list(1, 2:3)
long <- data.frame(x = 1:2)
long$when <- as.POSIXlt(c("2001-01-01", "2002-01-01"), tz = "UTC")
unknown <- data.frame(x = 1:2)
unknown$x <- structure(1:2, class = "mystery")
short <- structure(list(a = 1:3, b = 1:2), class = "data.frame", row.names = 1:3)
far <- data.frame(x = as.Date(1e9, origin = "1970-01-01"))
zone <- data.frame(x = structure(0, class = c("POSIXct", "POSIXt"), tzone = "Mars/Olympus"))
save(several, long, unknown, short, far, zone, part, local, file = "refused.rda")
