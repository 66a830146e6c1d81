# Writes data.csv (made up by the random numbers below), expected.csv, new.csv and session.txt into the folder it runs in.
library(splines)
options(digits = 17)
set.seed(20261126)

n <- 60
x <- round(exp(rnorm(n, 2, 0.8)), 3)
d <- data.frame(x = x, year = sample(1950:2020, n, TRUE), m = round(rnorm(n), 4), k = sample(c("p", "q"), n, TRUE))
d$v <- round(sqrt(d$x) + 0.3 * d$m + rnorm(n), 4)
d$y <- as.integer(runif(n) < plogis(-0.5 + 0.2 * sqrt(d$x)))
write.csv(d, "data.csv", row.names = FALSE)
new <- data.frame(x = c(min(x), 2.5, 7.25, 11, max(x)), year = c(1950, 1960, 1999, 2010, 2020), m = c(0, 1, -1, 0.5, 0), k = "q")

rows <- list()
put <- function(what, name, values) {
  rows[[length(rows) + 1]] <<- data.frame(what = what, name = name, row = seq_along(values), value = format(values, digits = 17))
}
for (size in 1:4) {
  made <- poly(d$x, size); there <- predict(made, new$x)
  for (j in 1:size) { put("fit", paste0("poly(x, ", size, ")[", j, "]"), made[, j]); put("new", paste0("poly(x, ", size, ")[", j, "]"), there[, j]) }
}
made <- poly(d$year, 3); there <- predict(made, new$year)
for (j in 1:3) { put("fit", paste0("poly(year, 3)[", j, "]"), made[, j]); put("new", paste0("poly(year, 3)[", j, "]"), there[, j]) }
for (size in 3:6) {
  made <- bs(d$x, df = size); there <- predict(made, new$x)
  for (j in 1:size) { put("fit", paste0("bs(x, ", size, ")[", j, "]"), made[, j]); put("new", paste0("bs(x, ", size, ")[", j, "]"), there[, j]) }
}
models <- list(lm(v ~ poly(x, 2) + m, d), lm(v ~ bs(x, 5) + m, d), lm(v ~ k * poly(x, 2), d),
               glm(y ~ poly(x, 2) + m, binomial, d, control = list(epsilon = 1e-14)))
for (i in seq_along(models)) {
  put(paste0("model", i), "estimate", unname(coef(models[[i]])))
  put(paste0("model", i), "std_error", unname(summary(models[[i]])$coefficients[, 2]))
  put(paste0("model", i), "predicted", unname(predict(models[[i]], new)))
}
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = c(1, 2))
write.csv(new, "new.csv", row.names = FALSE)
writeLines(c(R.version.string, paste("splines", packageVersion("splines"))), "session.txt")
