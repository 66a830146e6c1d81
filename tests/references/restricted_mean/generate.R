# Reads ../cox/cases.csv and intervals.csv; writes expected.csv and session.txt into the folder it runs in.
# Mean survival time up to a horizon, from the curves of survfit.coxph with Breslow's baseline: steps summed, averaged over the rows.
library(survival)
cases <- read.csv("../cox/cases.csv"); intervals <- read.csv("../cox/intervals.csv")
cases$k <- factor(cases$k); intervals$k <- factor(intervals$k)
tight <- coxph.control(eps = 1e-14, iter.max = 100, toler.chol = 1e-15)
out <- list()
put <- function(model, quantity, at, horizon, value)
  out[[length(out) + 1]] <<- data.frame(model, quantity, at, horizon, value = format(value, digits = 16))
set <- function(data, column, value) { data[[column]] <- value; data }
area <- function(time, surv, tau) {
  keep <- time < tau
  sum(c(1, surv[keep]) * diff(c(0, time[keep], tau)))
}
means <- function(fit, data, tau) {
  each <- sapply(seq_len(nrow(data)), function(i) {
    s <- survfit(fit, newdata = data[i, ], stype = 2, ctype = 1, se.fit = FALSE)
    area(s$time, s$surv, tau)
  })
  mean(each)
}
keep <- function(model, formula, data, ties, taus) {
  fit <- do.call(coxph, list(formula, data = data, ties = ties, control = tight))
  for (tau in taus) {
    for (a in c(-1, 0.5)) put(model, "mean", paste0("a = ", a), tau, means(fit, set(data, "a", a), tau))
    for (k in c("x", "z")) put(model, "mean", paste0("k = ", k), tau, means(fit, set(data, "k", factor(k, levels(data$k))), tau))
    # the cumulative hazard of one profile, with its standard error (Tsiatis)
    if (!grepl("strata", deparse(formula))) {
      one <- data[1, ]; one$a <- 0.5; one$b <- -1; one$k <- factor("z", levels(data$k))
      s <- summary(survfit(fit, newdata = one, stype = 2, ctype = 1), times = tau)
      put(model, "cumulative_hazard", "a = 0.5, b = -1, k = z", tau, -log(s$surv))
      put(model, "std_error", "a = 0.5, b = -1, k = z", tau, s$std.err / s$surv)
    }
  }
}
keep("breslow", Surv(time, event) ~ a * b + k, cases, "breslow", c(5, 12.5, 20))
keep("efron", Surv(time, event) ~ a * b + k, cases, "efron", 20)
keep("strata", Surv(time, event) ~ a + k + strata(region), cases, "breslow", c(8, 15))
keep("entry", Surv(entry, time, event) ~ a + b + k, cases, "breslow", 15)
keep("intervals", Surv(start, stop, event) ~ a + b + k, intervals, "breslow", 15)
write.csv(do.call(rbind, out), "expected.csv", row.names = FALSE, quote = 3)
writeLines(c(R.version.string, paste("survival", packageVersion("survival"))), "session.txt")
