# Writes graded.csv, gaps.csv, binary.csv (made up by the random numbers below), expected.csv and session.txt into the
# folder it runs in; lsat.csv holds the published counts of Bock and Lieberman (1970), Psychometrika 35(2), section 6.
library(ltm)
options(digits = 16)
set.seed(20261124)

trait <- rnorm(400)
drawn <- function(a, d) rowSums(runif(400) < plogis(outer(a * trait, d, "+")))
slopes <- c(0.6, 0.9, 1.2, 1.6, 2.0, -0.8)
graded <- sapply(slopes, function(a) drawn(a, c(1.8, 0.2, -1.4)))
gaps <- graded
gaps[matrix(runif(length(gaps)) < 0.15, nrow(gaps))] <- NA
binary <- sapply(c(0.7, 1.0, 1.4, 1.8, 2.2), function(a) drawn(a, 0.5 - a / 3))
for (name in c("graded", "gaps", "binary")) {
  x <- as.data.frame(get(name)); names(x) <- paste0("i", seq_along(x))
  write.csv(x, paste0(name, ".csv"), row.names = FALSE, quote = FALSE, na = "")
}
counts <- read.csv("lsat.csv")
lsat <- as.matrix(counts[rep(seq_len(nrow(counts)), counts$count), 1:5])

out <- list()
put <- function(data, quantity, item, at, value)
  out[[length(out) + 1]] <<- data.frame(data, quantity, item, at, value = format(value, digits = 16))
keep <- function(name, x) {
  # the optimizer stops early: it is started anew from its own end until nothing is gained
  fit <- grm(x, control = list(GHk = 61, iter.qN = 2000))
  for (i in 1:40) fit <- grm(x, start.val = fit$coefficients, control = list(GHk = 61, iter.qN = 2000))
  put(name, "slope_of_likelihood", 0, 0, fit$max.sc)
  put(name, "loglik", 0, 0, fit$log.Lik)
  for (j in seq_along(fit$coefficients)) {
    b <- fit$coefficients[[j]]; m <- length(b)
    put(name, "discrimination", j, 0, b[[m]])
    for (c in seq_len(m - 1)) put(name, "intercept", j, c, -b[[c]])
  }
  # the posterior of a case, by numerical integration, from the fitted items
  for (i in 1:25) {
    chance <- function(z) {
      p <- dnorm(z)
      for (j in seq_along(fit$coefficients)) if (!is.na(x[i, j])) {
        b <- fit$coefficients[[j]]; m <- length(b)
        edge <- c(-Inf, b[-m], Inf); y <- x[i, j] + 1
        p <- p * (plogis(edge[y + 1] - b[[m]] * z) - plogis(edge[y] - b[[m]] * z))
      }
      p
    }
    area <- function(f) integrate(f, -12, 12, rel.tol = 1e-12, subdivisions = 2000)$value
    total <- area(chance); mean <- area(function(z) z * chance(z)) / total
    put(name, "eap", i, 0, mean)
    put(name, "eap_sd", i, 0, sqrt(area(function(z) (z - mean)^2 * chance(z)) / total))
  }
}
for (name in c("graded", "gaps", "binary", "lsat")) keep(name, get(name))

# the two-parameter logistic model, by its own program: intercept and slope of every item
for (name in c("binary", "lsat")) {
  x <- as.data.frame(get(name))
  fit <- ltm(x ~ z1, IRT.param = FALSE, control = list(GHk = 61, iter.em = 400, iter.qN = 2000))
  put(name, "two_parameter_loglik", 0, 0, fit$log.Lik)
  for (j in seq_len(ncol(x))) {
    put(name, "two_parameter_intercept", j, 0, fit$coefficients[j, 1])
    put(name, "two_parameter_slope", j, 0, fit$coefficients[j, 2])
    put(name, "two_parameter_slope_std_error", j, 0, sqrt(diag(vcov(fit)))[[ncol(x) + j]])
  }
}
write.csv(do.call(rbind, out), "expected.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("ltm", packageVersion("ltm"))), "session.txt")
