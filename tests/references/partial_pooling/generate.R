# Writes expected.csv and session.txt into the folder it runs in. BCG vaccine trials: Colditz et al. (1994), JAMA 271(9).
library(metafor)
options(digits = 16)
positive <- c(4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27)
negative <- c(119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886)
without_positive <- c(11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29)
without_negative <- c(128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825)
d <- escalc(measure = "RR", ai = positive, bi = negative, ci = without_positive, di = without_negative)
schools <- data.frame(yi = c(28, 8, -3, 7, -1, 1, 18, 12), vi = c(15, 10, 16, 11, 9, 11, 10, 18)^2)
few <- d[c(1, 2, 5, 7, 9, 12), ]

rows <- list()
keep <- function(data, method, quantity, term, value)
  rows[[length(rows) + 1]] <<- data.frame(data, method, quantity, term, value = format(value, digits = 16))
tables <- list(bcg = d, schools = schools, few = few)
for (name in names(tables)) for (method in c("REML", "DL", "PM")) {
  t <- tables[[name]]
  f <- rma(yi, vi, data = t, method = method, control = list(threshold = 1e-14, tol = 1e-14, maxiter = 10000))
  keep(name, method, "mean", c("estimate", "std_error", "conf_low", "conf_high"), c(f$beta, f$se, f$ci.lb, f$ci.ub))
  keep(name, method, "spread", c("tau2", "i2", "q", "p_value"), c(f$tau2, f$I2 / 100, f$QE, f$QEp))
  interval <- confint(f, control = list(tol = 1e-12, tau2.max = 1e6))$random["tau^2", ]
  keep(name, method, "interval", c("low", "high"), interval[c("ci.lb", "ci.ub")])
  if (method == "REML") keep(name, method, "tau2_error", "tau2", f$se.tau2)
  p <- predict(f)
  keep(name, method, "next", c("low", "high"), c(p$pi.lb, p$pi.ub))
  b <- blup(f)
  keep(name, method, "shrunken", seq_along(b$pred), b$pred)
  keep(name, method, "shrunken_std_error", seq_along(b$pred), b$se)
}
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("metafor", packageVersion("metafor"))), "session.txt")
