# Writes data.csv (made up by the random numbers below), cases.csv, terms.csv and session.txt into the folder it runs in.
library(survival)
library(car)
options(digits = 17)
set.seed(20261127)

n <- 70
d <- data.frame(case = sprintf("c%02d", 1:n), a = round(rnorm(n), 4), b = round(rexp(n), 4), k = sample(c("p", "q", "r"), n, TRUE))
d$v <- round(0.7 * d$a - 0.4 * d$b + (d$k == "q") + rnorm(n), 4)
d$y <- as.integer(runif(n) < plogis(-0.3 + 0.8 * d$a - 0.5 * d$b))
d$t <- ceiling(rexp(n, exp(-2 + 0.5 * d$a - 0.3 * d$b)) * 2) / 2
d$e <- as.integer(runif(n) < 0.7)
d$v[5] <- 9; d$b[11] <- 7.5
write.csv(d, "data.csv", row.names = FALSE)

rows <- list()
put <- function(model, what, term, values) {
  rows[[length(rows) + 1]] <<- data.frame(model = model, what = what, term = term, case = d$case, value = format(unname(values), digits = 17))
}
spread <- function(model, what, table) for (j in seq_len(ncol(table))) put(model, what, colnames(table)[j], table[, j])
l <- lm(v ~ a + b + k, d)
put("linear", "fitted", "", fitted(l)); put("linear", "residual", "", residuals(l)); put("linear", "leverage", "", hatvalues(l))
put("linear", "cook", "", cooks.distance(l)); put("linear", "residual_standard", "", rstandard(l))
put("linear", "residual_student", "", rstudent(l))
spread("linear", "dfbeta", dfbeta(l)); spread("linear", "dfbetas", dfbetas(l))
g <- glm(y ~ a + b + k, binomial, d, control = list(epsilon = 1e-15, maxit = 100))
put("logit", "fitted", "", fitted(g)); put("logit", "leverage", "", hatvalues(g)); put("logit", "cook", "", cooks.distance(g))
put("logit", "residual_standard", "", rstandard(g, type = "pearson")); put("logit", "residual_student", "", rstandard(g, type = "deviance"))
# exact: fitted anew without each row
without <- t(sapply(1:n, function(i) coef(g) - coef(glm(y ~ a + b + k, binomial, d[-i, ], control = list(epsilon = 1e-15, maxit = 100)))))
spread("logit", "left_out", without)
cx <- coxph(Surv(t, e) ~ a + b, d, control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 50))
made <- residuals(cx, type = "dfbeta"); colnames(made) <- c("a", "b"); spread("cox", "dfbeta", made)
without <- t(sapply(1:n, function(i) coef(cx) - coef(coxph(Surv(t, e) ~ a + b, d[-i, ], control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 50)))))
spread("cox", "left_out", without)
write.csv(do.call(rbind, rows), "cases.csv", row.names = FALSE, quote = 1:4)

inflation <- vif(lm(v ~ a + b + I(a + 0.3 * b + v / 10), d))
unit <- apply(model.matrix(l), 2, function(x) x / sqrt(sum(x^2)))
write.csv(data.frame(what = c("vif", "vif", "vif", "condition"), value = format(c(unname(inflation), kappa(unit, exact = TRUE)), digits = 17)),
          "terms.csv", row.names = FALSE, quote = 1)
writeLines(c(R.version.string, paste("survival", packageVersion("survival")), paste("car", packageVersion("car"))), "session.txt")
