# Writes data.csv (made up by the random numbers below), expected.csv and session.txt into the folder it runs in.
library(glmnet); library(logistf)
options(digits = 16)
set.seed(20261128)

n <- 90
country <- sample(1:14, n, TRUE)
a <- round(rnorm(n), 4); b <- round(0.6 * a + rnorm(n), 4)
gdp <- round(exp(rnorm(n, 20, 2)))
k <- sample(0:1, n, TRUE, c(0.85, 0.15))
peace <- as.integer(runif(n) < plogis(-7 + 0.6 * a + 0.25 * log(gdp) + rnorm(14, 0, 0.5)[country]))
peace[k == 1] <- 0  # separated
write.csv(data.frame(country, a, b, gdp, k, peace), "data.csv", row.names = FALSE, quote = FALSE)
d <- read.csv("data.csv")

rows <- list()
keep <- function(model, term, value)
  rows[[length(rows) + 1]] <<- data.frame(model, term, value = format(value, digits = 16))
X <- model.matrix(~ a + b + log(gdp) + k, d)[, -1]
for (penalty in c(0.5, 5)) {
  # glmnet divides the likelihood by N and scales columns by the root of their mean square
  f <- glmnet(X, d$peace, "binomial", alpha = 0, lambda = penalty / (n - 1), thresh = 1e-20, maxit = 1e7)
  keep(paste0("ridge_", penalty), rownames(coef(f)), as.numeric(coef(f)))
}
f <- flac(peace ~ a + b + log(gdp) + k, data = d,
          control = logistf.control(xconv = 1e-13, gconv = 1e-13, lconv = 1e-13, maxit = 2000))
keep("flac", names(f$coefficients), f$coefficients)
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, sapply(c("glmnet", "logistf"), function(p) paste(p, packageVersion(p)))), "session.txt")
