# Writes data.csv (made up by the random numbers below), expected.csv, tests.csv and session.txt into the folder it runs in.
library(clubSandwich)
options(digits = 16)
set.seed(20261126)

make <- function(set, size) {
  g <- rep(seq_along(size), size); n <- length(g); u <- rnorm(length(size))
  d <- data.frame(set = set, g = g, x = round(rnorm(n), 4), z = round(rnorm(length(size))[g], 4), k = sample(c("a", "b", "c"), n, TRUE))
  d$y <- round(0.4 * d$x + rnorm(n) + u[g], 4)
  d$b <- as.integer(runif(n) < plogis(0.5 * d$x + 0.3 * d$z + 0.7 * u[g]))
  d
}
data <- rbind(make("uneven", c(3, 5, 1, 9, 12, 4, 7, 2)), make("even", rep(6, 10)), make("large", c(80, 3, 4, 5, 6, 7, 8, 30, 9, 10)))
data <- data[sample(nrow(data)), ]
write.csv(data, "data.csv", row.names = FALSE)

expected <- NULL; tests <- NULL
add <- function(set, model, vcov, term, estimate, std_error, df = NA, p_value = NA) {
  expected <<- rbind(expected, data.frame(set, model, vcov, term, estimate, std_error, df, p_value))
}
formulas <- list(plain = y ~ x + z + k, fixed = y ~ x + k + factor(g))
for (set in unique(data$set)) {
  d <- data[data$set == set, ]
  for (model in names(formulas)) {
    m <- lm(formulas[[model]], d)
    V <- vcovCR(m, cluster = d$g, type = "CR2")
    ct <- coef_test(m, vcov = V)
    keep <- if (model == "fixed") c("x", "kb", "kc") else names(coef(m))
    at <- match(keep, names(coef(m)))
    add(set, model, "cr2", keep, coef(m)[at], sqrt(diag(V))[at], ct$df_Satt[at], ct$p_Satt[at])
    for (terms in list(c("kb", "kc"), c("x", "kb", "kc"))) {
      w <- Wald_test(m, constraints = constrain_zero(terms, coef(m)), vcov = V, test = "HTZ")
      tests <- rbind(tests, data.frame(set, model, terms = paste(terms, collapse = " "), statistic = w$Fstat, df = w$df_denom, p_value = w$p_val))
    }
    lc <- linear_contrast(m, vcov = V, contrasts = matrix((names(coef(m)) == "x") - 2 * (names(coef(m)) == "kb"), 1))
    tests <- rbind(tests, data.frame(set, model, terms = "x - 2*kb", statistic = lc$Est / lc$SE, df = lc$df, p_value = NA))
  }
  G <- length(unique(d$g))
  m <- lm(formulas$plain, d)
  V <- vcovCR(m, cluster = d$g, type = "CR3") * (G - 1) / G
  add(set, "plain", "jackknife", names(coef(m)), coef(m), sqrt(diag(V)))
  full <- glm(b ~ x + z, binomial, d, epsilon = 1e-14)
  refits <- sapply(unique(d$g), function(g) coef(glm(b ~ x + z, binomial, d[d$g != g, ], epsilon = 1e-14)))
  add(set, "logit", "jackknife", names(coef(full)), coef(full), sqrt(rowSums((refits - coef(full))^2) * (G - 1) / G))
}
write.csv(expected, "expected.csv", row.names = FALSE)
write.csv(tests, "tests.csv", row.names = FALSE)
writeLines(capture.output(sessionInfo())[1], "session.txt")
cat(paste(c("clubSandwich", "sandwich"), c(packageVersion("clubSandwich"), packageVersion("sandwich"))), sep = "\n", file = "session.txt", append = TRUE)
