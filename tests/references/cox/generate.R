# Writes cases.csv, intervals.csv (made up by the random numbers below), expected.csv and session.txt into the folder it runs in.
library(survival)
options(digits = 16)
set.seed(20261104)

n <- 240
id <- 1:n
country <- sample(1:31, n, TRUE)
region <- sample(c("east", "north", "south", "west"), n, TRUE)
k <- sample(c("x", "y", "z"), n, TRUE)
b <- round(rnorm(n), 4)
gdp <- round(exp(rnorm(n, 20, 2)))
entry <- ifelse(runif(n) < 0.4, sample(0:6, n, TRUE), 0)
frailty <- rnorm(31, 0, 0.5)[country]
rows <- list()
for (i in id) {
  t <- entry[i]; a <- round(rnorm(1), 4)
  end <- entry[i] + sample(1:28, 1)
  first <- t
  repeat {
    t <- t + 1
    changes <- runif(1) < 0.25
    hazard <- plogis(-3.4 + 0.6 * a + 0.3 * b[i] + 0.5 * (k[i] == "y") + frailty[i] + 0.02 * t * (k[i] == "z"))
    event <- as.integer(t > 2 && runif(1) < hazard)  # some are censored before the first event
    if (event || t >= end || changes) {
      rows[[length(rows) + 1]] <- data.frame(id = i, country = country[i], region = region[i], start = first, stop = t,
                                             event = event, a = a, b = b[i], k = k[i], gdp = gdp[i])
      first <- t; a <- round(a + rnorm(1, 0, 0.5), 4)
    }
    if (event || t >= end) break
  }
}
intervals <- do.call(rbind, rows)
last <- intervals[!duplicated(intervals$id, fromLast = TRUE), ]
cases <- data.frame(id = last$id, country = last$country, region = last$region, entry = entry[last$id], time = last$stop,
                    event = last$event, a = last$a, b = last$b, k = last$k, gdp = last$gdp)
write.csv(cases, "cases.csv", row.names = FALSE, quote = FALSE)
write.csv(intervals, "intervals.csv", row.names = FALSE, quote = FALSE)
cases <- read.csv("cases.csv"); intervals <- read.csv("intervals.csv")
cases$both <- paste(cases$country, cases$region); cases$row <- seq_len(nrow(cases))
intervals$row <- seq_len(nrow(intervals))

out <- list()
put <- function(model, quantity, term, other, value)
  out[[length(out) + 1]] <<- data.frame(model, quantity, term, other, value = format(value, digits = 16))
tight <- coxph.control(eps = 1e-14, iter.max = 100, toler.chol = 1e-15)
keep <- function(model, formula, data, ties = "efron") {
  fit <- do.call(coxph, list(formula, data = data, ties = ties, control = tight))
  terms <- names(coef(fit))
  for (i in terms) put(model, "estimate", i, "", coef(fit)[[i]])
  for (i in terms) for (j in terms) {
    put(model, "var", i, j, vcov(fit)[i, j])
    if (!is.null(fit$naive.var)) {
      dimnames(fit$naive.var) <- dimnames(vcov(fit)); put(model, "naive", i, j, fit$naive.var[i, j])
    }
  }
  put(model, "loglik", "null", "", fit$loglik[1]); put(model, "loglik", "fit", "", fit$loglik[2])
  for (transform in "km") {
    z <- cox.zph(fit, transform, terms = FALSE)$table
    for (i in rownames(z)) { put(model, "zph", i, "", z[i, "chisq"]); put(model, "zph_p", i, "", z[i, "p"]) }
  }
}
keep("efron", Surv(time, event) ~ a + b + factor(k) + log(gdp), cases)
keep("breslow", Surv(time, event) ~ a + b + factor(k) + log(gdp), cases, "breslow")
keep("hc0", Surv(time, event) ~ a + b + factor(k) + cluster(row), cases)
keep("hc0_breslow", Surv(time, event) ~ a + b + factor(k) + cluster(row), cases, "breslow")
keep("country", Surv(time, event) ~ a + b + factor(k) + cluster(country), cases)
keep("region", Surv(time, event) ~ a + b + factor(k) + cluster(region), cases)
keep("both", Surv(time, event) ~ a + b + factor(k) + cluster(both), cases)
keep("strata", Surv(time, event) ~ a * b + strata(region), cases)
keep("strata_cluster", Surv(time, event) ~ a * b + strata(region) + cluster(country), cases, "breslow")
keep("entry", Surv(entry, time, event) ~ a + b + factor(k), cases)
keep("intervals", Surv(start, stop, event) ~ a + b + factor(k), intervals)
keep("intervals_breslow", Surv(start, stop, event) ~ a + b + factor(k), intervals, "breslow")
keep("intervals_id", Surv(start, stop, event) ~ a + b + cluster(id), intervals)
keep("intervals_hc0", Surv(start, stop, event) ~ a + b + cluster(row), intervals)
keep("intervals_strata", Surv(start, stop, event) ~ a + b + strata(region) + cluster(country), intervals)
write.csv(do.call(rbind, out), "expected.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("survival", packageVersion("survival"))), "session.txt")
