# Writes large.csv (made up by the random numbers below), large_expected.csv and large_session.txt into the folder it runs in.
library(MASS)
options(digits = 16)
set.seed(20261205)

n <- 120
x <- round(rnorm(n), 3)
d <- data.frame(
  x,
  hundreds = rnbinom(n, size = 2, mu = exp(5 + 0.4 * x)),
  millions = rnbinom(n, size = 2.3, mu = exp(14 + 0.5 * x)),
  billions = round(exp(20 + 0.3 * x) * rgamma(n, 1.5, 1.5)),
  near_poisson = rnbinom(n, size = 200, mu = exp(4 + 0.3 * x))
)
write.csv(d, "large.csv", row.names = FALSE, quote = FALSE)
d <- read.csv("large.csv")

rows <- list()
keep <- function(outcome, quantity, term, value)
  rows[[length(rows) + 1]] <<- data.frame(outcome, quantity, term, value = format(value, digits = 16))
tight <- glm.control(epsilon = 1e-16, maxit = 50)
for (outcome in names(d)[-1]) {
  d$y <- d[[outcome]]
  fit <- glm.nb(y ~ x, d, control = glm.control(epsilon = 1e-14, maxit = 500))
  theta <- fit$theta; eta <- fit$linear.predictors
  # glm.nb stops when the deviance stands still: take turns at theta and the coefficients until neither moves
  for (turn in 1:200) {
    step <- suppressWarnings(glm(y ~ x, negative.binomial(theta), d, etastart = eta, control = tight))
    eta <- step$linear.predictors
    theta <- suppressWarnings(as.numeric(theta.ml(d$y, fitted(step), limit = 50, eps = 1e-15)))
  }
  keep(outcome, "estimate", c("Intercept", "x", "alpha"), c(coef(step), 1 / theta))
  keep(outcome, "loglik", "", sum(dnbinom(d$y, size = theta, mu = fitted(step), log = TRUE)))
}
write.csv(do.call(rbind, rows), "large_expected.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("MASS", packageVersion("MASS"))), "large_session.txt")
