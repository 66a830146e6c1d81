# Writes completed.csv, expected.csv, joint.csv and session.txt into the folder it runs in; reads ../impute/data.csv.
# Six completed tables by mice, and what mice and mitml make of the fits in them: Rubin's rules, the test D1 of Li, Raghunathan and Rubin
# (mitml::testConstraints; with df.com Reiter's degrees of freedom), R2 by Harel. Sets of terms are written term + term.
library(mice); library(mitml)
d <- read.csv("../impute/data.csv")
filled <- mice(d, m = 6, maxit = 5, method = "pmm", donors = 5L, seed = 20261127, printFlag = FALSE)
long <- complete(filled, "long")
long$table <- long$.imp; long <- long[c("table", "v", "y", "x", "z", "w")]
write.csv(long, "completed.csv", row.names = FALSE)
long <- read.csv("completed.csv")
tables <- split(long, long$table)
n <- nrow(d)
models <- list(
  linear = function(t) lm(v ~ x + z + w, t),
  logit = function(t) glm(y ~ x + z + w, binomial, t, epsilon = 1e-14, maxit = 100)
)
sets <- list(c("x", "z", "w"), c("x", "w"), "x")
rows <- joint <- list()
for (name in names(models)) {
  fits <- lapply(tables, models[[name]])
  dfcom <- if (name == "linear") n - 4 else Inf
  p <- pool(as.mira(fits), dfcom = dfcom); s <- summary(p, conf.int = TRUE)
  term <- sub("(Intercept)", "Intercept", as.character(s$term), fixed = TRUE)
  rows[[name]] <- data.frame(model = name, term, estimate = s$estimate, std_error = s$std.error, statistic = s$statistic, df = s$df,
                             p_value = s$p.value, conf_low = s[["2.5 %"]], conf_high = s[["97.5 %"]], fmi = p$pooled$fmi, share = p$pooled$lambda)
  q <- lapply(fits, coef); u <- lapply(fits, vcov)
  for (m in c(6, 3)) for (set in sets) {
    found <- testConstraints(qhat = q[1:m], uhat = u[1:m], constraints = set, method = "D1",
                             df.com = if (name == "linear") n - 4 else NULL)$test
    joint[[length(joint) + 1]] <- data.frame(model = name, tables = m, terms = paste(set, collapse = " + "), statistic = found[1, 1],
                                             df = found[1, 2], df_denominator = found[1, 3], p_value = found[1, 4])
  }
}
joint[[length(joint) + 1]] <- data.frame(model = "r_squared", tables = 6, terms = "", df = NA, df_denominator = NA, p_value = NA,
  statistic = pool.r.squared(as.mira(lapply(tables, models$linear)))[1, "est"])
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE)
write.csv(do.call(rbind, joint), "joint.csv", row.names = FALSE)
writeLines(c(R.version.string, paste("mice", packageVersion("mice")), paste("mitml", packageVersion("mitml"))), "session.txt")
