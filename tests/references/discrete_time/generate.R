# Reads ../cox/cases.csv and ../cox/intervals.csv, writes expected.csv and session.txt into the folder it runs in.
options(digits = 16)
cases <- read.csv("../cox/cases.csv"); intervals <- read.csv("../cox/intervals.csv")
expand <- function(d, start, stop) {
  length <- stop - start
  out <- d[rep(seq_len(nrow(d)), length), ]
  number <- sequence(length)
  out$period <- rep(start, length) + number
  out$y <- ifelse(number == rep(length, length), out$event, 0)
  out
}
out <- list()
keep <- function(model, formula, d) {
  fit <- glm(formula, binomial, d, control = glm.control(epsilon = 1e-15, maxit = 100))
  for (i in names(coef(fit))) out[[length(out) + 1]] <<- data.frame(model, quantity = "estimate", term = i, value = format(coef(fit)[[i]], digits = 16))
  for (i in names(coef(fit))) out[[length(out) + 1]] <<- data.frame(model, quantity = "std_error", term = i, value = format(sqrt(vcov(fit)[i, i]), digits = 16))
  out[[length(out) + 1]] <<- data.frame(model, quantity = "loglik", term = "", value = format(c(logLik(fit)), digits = 16))
  out[[length(out) + 1]] <<- data.frame(model, quantity = "periods", term = "", value = format(nrow(d)))
}
p <- expand(cases, 0 * cases$time, cases$time)
informative <- function(p) p[p$period %in% names(which(tapply(p$y, p$period, function(v) any(v == 1) && any(v == 0)))), ]
keep("dummies", y ~ 0 + factor(period) + a + b + factor(k), informative(p))
keep("cubic", y ~ period + I(period^2) + I(period^3) + a + b + factor(k), p)
keep("log", y ~ log(period) + a + b + factor(k), p)
keep("constant", y ~ a + b + factor(k), p)
q <- expand(intervals, intervals$start, intervals$stop)
keep("intervals", y ~ 0 + factor(period) + a + b + factor(k), informative(q))
write.csv(do.call(rbind, out), "expected.csv", row.names = FALSE, quote = FALSE)
writeLines(R.version.string, "session.txt")
