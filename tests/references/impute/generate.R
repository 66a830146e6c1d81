# Writes data.csv (made up by the random numbers below), expected.csv and session.txt into the folder it runs in.
# 200 imputations of predictive mean matching, pooled: what another program's chains converge to, with its Monte Carlo error.
library(mice)
set.seed(20261126)
n <- 160
z <- rnorm(n); x <- 0.6 * z + 0.8 * rnorm(n); w <- as.integer(runif(n) < plogis(0.5 * x))
v <- 1 + 0.8 * x - 0.5 * z + 0.7 * w + rnorm(n)
y <- as.integer(runif(n) < plogis(-0.4 + 0.9 * x - 0.5 * z + 0.5 * w))
x[runif(n) < plogis(-1 + 0.8 * (v - mean(v)) + 0.5 * z)] <- NA
w[runif(n) < 0.15] <- NA
d <- data.frame(v = round(v, 4), y, x = round(x, 4), z = round(z, 4), w)
write.csv(d, "data.csv", row.names = FALSE, na = "")
d <- read.csv("data.csv")
out <- list()
for (outcome in c("v", "y")) {
  columns <- c(outcome, "x", "z", "w")
  filled <- mice(d[columns], m = 200, maxit = 5, method = "pmm", donors = 5L, matchtype = 1L, seed = 1, printFlag = FALSE)
  fits <- if (outcome == "v") with(filled, lm(v ~ x + z + w)) else with(filled, glm(y ~ x + z + w, family = binomial))
  s <- summary(pool(fits, dfcom = if (outcome == "v") n - 4 else Inf)); p <- pool(fits)$pooled
  out[[outcome]] <- data.frame(model = outcome, term = sub("(Intercept)", "Intercept", as.character(s$term), fixed = TRUE),
                               estimate = s$estimate, std_error = s$std.error, between = p$b, within = p$ubar)
}
write.csv(do.call(rbind, out), "expected.csv", row.names = FALSE)
writeLines(c(R.version.string, paste("mice", packageVersion("mice"))), "session.txt")
