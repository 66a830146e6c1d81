# Writes data.csv (made up by the random numbers below), expected.csv and session.txt into the folder it runs in; reads ../cox/cases.csv.
# Whole covariance matrices: lm and glm by sandwich; Firth's logit by the formulas written out below, which no package is needed for.
library(sandwich)
options(digits = 16)
set.seed(20261128)

n <- 180
g <- sample(1:24, n, TRUE, prob = (1:24)^1.2); h <- sample(1:7, n, TRUE)
x <- round(rnorm(n), 4); z <- round(rnorm(24)[g] + 0.3 * x, 4); k <- sample(c("a", "b", "c"), n, TRUE)
y <- round(0.4 * x + rnorm(24)[g] + rnorm(n) * (0.5 + abs(z)), 4)
b <- as.integer(runif(n) < plogis(-1.2 + 0.7 * x + 0.6 * rnorm(24)[g]))
r <- as.integer(k == "c" & runif(n) < 0.6)
b[r == 1] <- 0  # nobody with r has the event: a logit would run away
write.csv(data.frame(g, h, x, z, k, y, b, r), "data.csv", row.names = FALSE, quote = FALSE)
d <- read.csv("data.csv")

rows <- list()
keep <- function(model, vcov, beta, V) {
  at <- which(lower.tri(V, diag = TRUE), arr.ind = TRUE)
  rows[[length(rows) + 1]] <<- data.frame(model, vcov = "estimate", term = names(beta), other = "", value = format(unname(beta), digits = 16))
  rows[[length(rows) + 1]] <<- data.frame(model, vcov, term = names(beta)[at[, 1]], other = names(beta)[at[, 2]], value = format(V[at], digits = 16))
}

m <- lm(y ~ x + z + k, d)
keep("linear", "classical", coef(m), vcov(m))
for (type in c("HC0", "HC1", "HC2", "HC3")) keep("linear", tolower(type), coef(m), vcovHC(m, type))
keep("linear", "cluster", coef(m), vcovCL(m, d$g, type = "HC1", cadjust = TRUE))
keep("linear", "cr2", coef(m), vcovCL(m, d$g, type = "HC2", cadjust = TRUE))  # sandwich has (G-1)/G within HC2 and HC3, which
keep("linear", "jackknife", coef(m), vcovCL(m, d$g, type = "HC3", cadjust = FALSE))  # cadjust takes away: CV3 keeps it, CR2 has none
keep("linear", "two_ways", coef(m), vcovCL(m, d[c("g", "h")], type = "HC1", cadjust = TRUE))

likelihood <- function(name, m, groups, of = names(coef(m))) {
  block <- function(vcov, V) keep(name, vcov, coef(m)[of], V[of, of])
  block("classical", vcov(m))
  block("hc0", sandwich(m))
  block("hc1", sandwich(m, adjust = TRUE))
  block("cluster", vcovCL(m, groups, type = "HC0", cadjust = TRUE))
}
tight <- glm.control(epsilon = 1e-15, maxit = 100)
m <- glm(b ~ x + z + k, binomial, subset(d, r == 0), control = tight)
likelihood("logit", m, subset(d, r == 0)$g)
keep("logit", "two_ways", coef(m), vcovCL(m, subset(d, r == 0)[c("g", "h")], type = "HC0", cadjust = TRUE))

cases <- read.csv("../cox/cases.csv")
p <- cases[rep(seq_len(nrow(cases)), cases$time), ]
p$period <- sequence(cases$time)
p$y <- ifelse(p$period == p$time, p$event, 0)
likelihood("cubic", glm(y ~ period + I(period^2) + I(period^3) + a + b + factor(k), binomial, p, control = tight), p$country)
informative <- p[p$period %in% names(which(tapply(p$y, p$period, function(v) any(v == 1) && any(v == 0)))), ]
likelihood("dummies", glm(y ~ 0 + factor(period) + a + b + factor(k), binomial, informative, control = tight),
  informative$country, c("a", "b", "factor(k)y", "factor(k)z"))

firth <- function(X, y) {  # Fisher's scoring on the modified score, halved while the penalised likelihood falls
  value <- function(beta) {
    mu <- plogis(drop(X %*% beta))
    sum(dbinom(y, 1, mu, log = TRUE)) + determinant(crossprod(X, X * (mu * (1 - mu))))$modulus / 2
  }
  beta <- setNames(rep(0, ncol(X)), colnames(X))
  for (i in 1:500) {
    mu <- plogis(drop(X %*% beta)); w <- mu * (1 - mu)
    bread <- solve(crossprod(X, X * w))
    S <- X * (y - mu + w * rowSums((X %*% bread) * X) * (0.5 - mu))
    step <- drop(bread %*% colSums(S))
    while (value(beta + step) < value(beta) - 1e-12) step <- step / 2
    beta <- beta + step
  }
  list(beta = beta, bread = bread, S = S, augmented = solve(crossprod(X, X * (w * (1 + w * rowSums((X %*% bread) * X))))))
}
f <- firth(model.matrix(~ x + z + k + r, d), d$b)
summed <- function(groups) {
  sums <- rowsum(f$S, groups); G <- nrow(sums)
  f$bread %*% crossprod(sums) %*% f$bread * G / (G - 1)
}
hc0 <- f$bread %*% crossprod(f$S) %*% f$bread
keep("firth", "classical", f$beta, f$augmented)
keep("firth", "hc0", f$beta, hc0)
keep("firth", "hc1", f$beta, hc0 * n / (n - length(f$beta)))
keep("firth", "cluster", f$beta, summed(d$g))
keep("firth", "two_ways", f$beta, summed(d$g) + summed(d$h) - summed(paste(d$g, d$h)))

write.csv(unique(do.call(rbind, rows)), "expected.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("sandwich", packageVersion("sandwich"))), "session.txt")
