# Writes draws.csv, left_out.csv (made up by the random numbers below), expected.csv and session.txt into the folder it runs in.
library(boot)
options(digits = 16)
set.seed(20261127)
draws <- NULL; left <- NULL; expected <- NULL
for (set in c("skewed", "few", "shifted")) {
  R <- c(skewed = 999, few = 250, shifted = 1500)[[set]]
  t0 <- c(skewed = 1, few = -0.2, shifted = 0.4)[[set]]
  t <- switch(set, skewed = rgamma(R, 2, 2), few = rnorm(R, -0.2, 0.3), shifted = rnorm(R, 0.6, 0.5))
  jack <- t0 + switch(set, skewed = rexp(25) / 20, few = rnorm(9) / 30, shifted = -rexp(40) / 30)
  b <- list(t0 = t0, t = matrix(t, ncol = 1), R = R, sim = "ordinary", call = quote(boot(data = 1)))
  L <- (length(jack) - 1) * (mean(jack) - jack)
  for (level in c(0.9, 0.95)) {
    ci <- boot.ci(structure(b, class = "boot"), conf = level, type = c("perc", "bca"), t0 = t0, t = t, L = L)
    expected <- rbind(expected, data.frame(set, level, estimate = t0, interval = c("percentile", "bca"),
                                           low = c(ci$percent[4], ci$bca[4]), high = c(ci$percent[5], ci$bca[5])))
  }
  draws <- rbind(draws, data.frame(set, value = t)); left <- rbind(left, data.frame(set, value = jack))
}
write.csv(draws, "draws.csv", row.names = FALSE); write.csv(left, "left_out.csv", row.names = FALSE)
write.csv(expected, "expected.csv", row.names = FALSE)
writeLines(c(capture.output(sessionInfo())[1], paste("boot", packageVersion("boot"))), "session.txt")
