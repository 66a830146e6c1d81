# Writes data.csv (made up by the random numbers below), expected.csv and session.txt into the folder it runs in.
library(lme4)
options(digits = 16)
set.seed(20261129)

n <- 260
country <- paste0("c", sample(1:24, n, TRUE, prob = 1 / (1:24)))
u <- setNames(rnorm(24), paste0("c", 1:24))
k <- sample(c("x", "y", "z"), n, TRUE)
a <- round(rnorm(n), 4)
gdp <- round(exp(rnorm(n, 20, 2)))
peace <- as.integer(runif(n) < plogis(-1 + 0.8 * a + 0.5 * (k == "y") + u[country]))
growth <- round(3 + 0.5 * a - 0.2 * log(gdp) + 1.2 * u[country] + rnorm(n, 0, 2), 5)
write.csv(data.frame(country, k, a, gdp, peace, growth), "data.csv", row.names = FALSE, quote = FALSE)
d <- read.csv("data.csv")

rows <- list()
keep <- function(model, quantity, term, value)
  rows[[length(rows) + 1]] <<- data.frame(model, quantity, term, value = format(value, digits = 16))
f <- glmer(peace ~ a + k + (1 | country), d, binomial, nAGQ = 25,
           control = glmerControl(optimizer = "nloptwrap", optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14, maxeval = 1e5)))
keep("logit", "estimate", c(names(fixef(f)), "sd(country)"), c(fixef(f), attr(VarCorr(f)$country, "stddev")))
keep("logit", "classical", names(fixef(f)), sqrt(diag(as.matrix(vcov(f)))))
keep("logit", "loglik", "", as.numeric(logLik(f)))
for (method in c("reml", "ml")) {
  f <- lmer(growth ~ a + k + log(gdp) + (1 | country), d, REML = method == "reml",
            control = lmerControl(optimizer = "nloptwrap", optCtrl = list(xtol_abs = 1e-14, ftol_abs = 1e-16, maxeval = 1e5)))
  keep(method, "estimate", c(names(fixef(f)), "sd(country)"), c(fixef(f), attr(VarCorr(f)$country, "stddev")))
  keep(method, "classical", names(fixef(f)), sqrt(diag(as.matrix(vcov(f)))))
  keep(method, "loglik", "", as.numeric(logLik(f)))
  keep(method, "sigma", "", sigma(f))
  keep(method, "aic", "", AIC(f))
}
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("lme4", packageVersion("lme4"))), "session.txt")
