# Writes ties.csv, ties_rows.csv (made up by the random numbers below), ties_expected.csv and ties_session.txt into the folder it
# runs in: durations in tenths of a year that carry the noise of decimal years subtracted, and the tenths themselves.
library(survival)
options(digits = 16)
set.seed(20261206)

n <- 160
x <- round(rnorm(n), 3)
z <- round(rnorm(n), 3)
region <- sample(c("east", "west"), n, TRUE)
tenths <- pmin(1 + floor(rexp(n, exp(0.6 * x - 0.3 * z)) * 5), 14)
event <- as.integer(runif(n) < 0.75)
begun <- round(1960 + sample(0:500, n, TRUE) / 10, 1)
ended <- round(begun + tenths / 10, 1)
cases <- data.frame(id = 1:n, x, z, region, event, tenths, years = ended - begun)
write.table(format(cases, digits = 17), "ties.csv", sep = ",", row.names = FALSE, quote = FALSE)

# every case with two tenths or more is two rows, cut at a time that both of them carry with a noise of their own
rows <- list()
for (i in 1:n) {
  cut <- if (tenths[i] > 1) sample(1:(tenths[i] - 1), 1) else NA
  other <- round(rnorm(1), 3)
  base <- round(1960 + sample(0:500, 1) / 10, 1)
  if (is.na(cut)) {
    rows[[length(rows) + 1]] <- data.frame(id = i, x = x[i], start = 0, stop = cases$years[i], first = 0, last = tenths[i], event = event[i])
  } else {
    rows[[length(rows) + 1]] <- data.frame(id = i, x = x[i], start = 0, stop = round(begun[i] + cut / 10, 1) - begun[i], first = 0, last = cut, event = 0)
    rows[[length(rows) + 1]] <- data.frame(id = i, x = other, start = round(base + cut / 10, 1) - base, stop = cases$years[i], first = cut,
                                           last = tenths[i], event = event[i])
  }
}
rows <- do.call(rbind, rows)
write.table(format(rows, digits = 17), "ties_rows.csv", sep = ",", row.names = FALSE, quote = FALSE)
cases <- read.csv("ties.csv", strip.white = TRUE); rows <- read.csv("ties_rows.csv", strip.white = TRUE)
cat(length(unique(cases$years)), "distinct durations,", length(unique(cases$tenths)), "of them real\n")

out <- list()
put <- function(model, quantity, term, value)
  out[[length(out) + 1]] <<- data.frame(model, quantity, term, value = format(value, digits = 16))
keep <- function(model, formula, data, ties, timefix) {
  control <- coxph.control(eps = 1e-14, iter.max = 100, toler.chol = 1e-15, timefix = timefix)
  fit <- do.call(coxph, list(formula, data = data, ties = ties, control = control))
  for (term in names(coef(fit))) {
    put(model, "estimate", term, coef(fit)[[term]])
    put(model, "std_error", term, sqrt(vcov(fit)[term, term]))
  }
  put(model, "loglik", "", fit$loglik[2])
  if (timefix) {
    tested <- cox.zph(fit, "km", terms = FALSE)$table
    for (term in rownames(tested)) put(model, "zph", term, tested[term, "chisq"])
  }
}
for (ties in c("efron", "breslow")) for (timefix in c(TRUE, FALSE)) {
  name <- paste0(ties, if (timefix) "" else "_noise")
  keep(name, Surv(years, event) ~ x + z, cases, ties, timefix)
  keep(paste0(name, "_strata"), Surv(years, event) ~ x + z + strata(region), cases, ties, timefix)
  keep(paste0(name, "_rows"), Surv(start, stop, event) ~ x, rows, ties, timefix)
}
curve <- survfit(Surv(years, event) ~ 1, cases)
for (i in seq_along(curve$time)) put("survfit", "survival", format(curve$time[i], digits = 3), curve$surv[i])
for (i in seq_along(curve$time)) put("survfit", "at_risk", format(curve$time[i], digits = 3), curve$n.risk[i])
hazard <- survfit(Surv(years, event) ~ 1, cases, stype = 2, ctype = 1)
for (i in seq_along(hazard$time)) put("nelson_aalen", "hazard", format(hazard$time[i], digits = 3), hazard$cumhaz[i])
write.csv(do.call(rbind, out), "ties_expected.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("survival", packageVersion("survival"))), "ties_session.txt")
