# Reads the tables beside it (../counts, ../ordered, ../mixed); writes expected.csv and session.txt into the folder it runs in.
# Standard errors: delta method with numDeriv's Jacobians, emmeans, and clm's own predictions.
library(MASS); library(ordinal); library(lme4); library(sandwich); library(numDeriv); library(emmeans)
options(digits = 16)

rows <- list()
keep <- function(model, vcov, quantity, category, estimate, std_error)
  rows[[length(rows) + 1]] <<- data.frame(model, vcov, quantity, category, estimate = format(estimate, digits = 16),
                                          std_error = format(std_error, digits = 16))
delta <- function(model, vcovs, quantity, category, g, at)  {
  J <- jacobian(g, at)
  for (name in names(vcovs)) keep(model, name, quantity, category, g(at), sqrt(diag(J %*% vcovs[[name]] %*% t(J))))
}
set_k <- function(d, level) { d$k <- factor(level, levels = c("x", "y", "z")); d }

# counts: slopes, changes, ratios and means, at the rows' own exposure and at one year
d <- read.csv("../counts/data.csv"); d$k <- factor(d$k)
f <- glm(attacks ~ a * k + log(gdp) + offset(log(years)), poisson, d, control = glm.control(epsilon = 1e-15, maxit = 100))
form <- ~ a * k + log(gdp)
mu <- function(b, table, years = table$years) years * exp(model.matrix(form, table) %*% b)
V <- list(classical = vcov(f), hc0 = sandwich(f), cluster = vcovCL(f, d$country, type = "HC0", cadjust = TRUE))
along <- function(b) b[["a"]] + b[["a:ky"]] * (d$k == "y") + b[["a:kz"]] * (d$k == "z")
named <- function(b) setNames(b, names(coef(f)))
delta("poisson", V, "slope a", "", function(b) mean(mu(b, d) * along(named(b))), coef(f))
delta("poisson", V, "slope gdp", "", function(b) mean(mu(b, d) * named(b)[["log(gdp)"]] / d$gdp), coef(f))
delta("poisson", V, "k y - x", "", function(b) mean(mu(b, set_k(d, "y")) - mu(b, set_k(d, "x"))), coef(f))
delta("poisson", V, "k z - x", "", function(b) mean(mu(b, set_k(d, "z")) - mu(b, set_k(d, "x"))), coef(f))
delta("poisson", V, "log k y / x", "", function(b) log(mean(mu(b, set_k(d, "y"))) / mean(mu(b, set_k(d, "x")))), coef(f))
delta("poisson", V, "a 1 - -1", "", function(b) mean(mu(b, transform(d, a = 1)) - mu(b, transform(d, a = -1))), coef(f))
delta("poisson", V, "mean", "", function(b) mean(mu(b, d)), coef(f))
delta("poisson", V, "mean years 1", "", function(b) mean(mu(b, d, 1)), coef(f))
e <- as.data.frame(summary(emmeans(f, ~ a + k + gdp, at = list(a = 0.5, k = c("x", "y", "z"), gdp = 4e8), offset = log(3), type = "response"), level = 0.95))
for (i in 1:3) {
  keep("poisson", "classical", paste("emmeans", e$k[i]), "", e$rate[i], e$SE[i])
  keep("poisson", "classical", paste("emmeans ends", e$k[i]), "", e$asymp.LCL[i], e$asymp.UCL[i])
}
g <- glm.nb(attacks ~ a * k + log(gdp) + offset(log(years)), d, control = glm.control(epsilon = 1e-15, maxit = 500))
b <- named(coef(g))
keep("nb", "none", "slope a", "", mean(mu(b, d) * along(b)), NA)
keep("nb", "none", "k y - x", "", mean(mu(b, set_k(d, "y")) - mu(b, set_k(d, "x"))), NA)
keep("nb", "none", "mean years 1", "", mean(mu(b, d, 1)), NA)

# categories with an order: chances, their slopes and changes
d <- read.csv("../ordered/data.csv"); d$k <- factor(d$k)
order <- c("none", "little", "much", "all")
d$level <- factor(d$level, levels = order, ordered = TRUE)
f <- clm(level ~ a * k + log(gdp), data = d, control = clm.control(gradTol = 1e-12, maxIter = 500L))
chances <- function(t, table) {
  eta <- model.matrix(form, table)[, -1] %*% t[-(1:3)]
  P <- cbind(plogis(t[1] - eta), plogis(t[2] - eta), plogis(t[3] - eta), 1)
  cbind(P[, 1], P[, 2] - P[, 1], P[, 3] - P[, 2], 1 - P[, 3])
}
slopes <- function(t, table) {
  eta <- model.matrix(form, table)[, -1] %*% t[-(1:3)]
  cbind(-dlogis(t[1] - eta), dlogis(t[1] - eta) - dlogis(t[2] - eta), dlogis(t[2] - eta) - dlogis(t[3] - eta), dlogis(t[3] - eta))
}
along <- function(t) t[["a"]] + t[["a:ky"]] * (d$k == "y") + t[["a:kz"]] * (d$k == "z")
named <- function(t) setNames(t, names(coef(f)))
V <- list(classical = vcov(f), hc0 = sandwich(f), cluster = vcovCL(f, d$country, type = "HC0", cadjust = TRUE))
delta("ordered", V, "slope a", order, function(t) colMeans(slopes(t, d) * along(named(t))), coef(f))
delta("ordered", V, "slope gdp", order, function(t) colMeans(slopes(t, d) * (named(t)[["log(gdp)"]] / d$gdp)), coef(f))
delta("ordered", V, "k y - x", order, function(t) colMeans(chances(t, set_k(d, "y")) - chances(t, set_k(d, "x"))), coef(f))
delta("ordered", V, "log k z / x", order, function(t) log(colMeans(chances(t, set_k(d, "z"))) / colMeans(chances(t, set_k(d, "x")))), coef(f))
delta("ordered", V, "mean", order, function(t) colMeans(chances(t, d)), coef(f))
new <- data.frame(a = 0.5, k = factor("y", levels = c("x", "y", "z")), gdp = 4e8)
shown <- predict(f, newdata = new, se.fit = TRUE, interval = TRUE)
keep("ordered", "classical", "profile", order, as.numeric(shown$fit), as.numeric(shown$se.fit))
keep("ordered", "classical", "profile ends", order, as.numeric(shown$lwr), as.numeric(shown$upr))

# groups: probabilities averaged over them and in a typical one, with the uncertainty of their spread
d <- read.csv("../mixed/data.csv"); d$k <- factor(d$k)
control <- glmerControl(optimizer = "nloptwrap", optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14, maxeval = 1e5))
f <- glmer(peace ~ a * k + (1 | country), d, binomial, nAGQ = 25, control = control)
deviance_of <- update(f, devFunOnly = TRUE)
start <- c(getME(f, "theta"), fixef(f))
best <- optim(start, deviance_of, method = "BFGS", control = list(reltol = 1e-16, maxit = 1000))$par
for (i in 1:3) best <- best - solve(hessian(deviance_of, best), grad(deviance_of, best))
both <- 2 * solve(hessian(deviance_of, best))
form <- ~ a * k
over <- function(h, eta, sd) sapply(eta, function(m) integrate(function(u) h(m + sd * u) * dnorm(u), -10, 10, rel.tol = 1e-11, subdivisions = 500L)$value)
typical <- function(h, eta, sd) h(eta)
along <- function(t) t[[2]] * 1 + t[[5]] * (d$k == "y") + t[[6]] * (d$k == "z")
for (kind in c("average", "typical")) {
  mean_of <- if (kind == "average") over else typical
  p <- function(t, table) mean_of(plogis, as.numeric(model.matrix(form, table) %*% t[-1]), t[1])
  w <- function(t, table) mean_of(dlogis, as.numeric(model.matrix(form, table) %*% t[-1]), t[1])
  delta("mixed_logit", setNames(list(both), "classical"), paste(kind, "slope a"), "", function(t) mean(w(t, d) * along(t[-1])), best)
  delta("mixed_logit", setNames(list(both), "classical"), paste(kind, "k y - x"), "", function(t) mean(p(t, set_k(d, "y")) - p(t, set_k(d, "x"))), best)
  delta("mixed_logit", setNames(list(both), "classical"), paste(kind, "mean"), "", function(t) mean(p(t, d)), best)
  delta("mixed_logit", setNames(list(both), "classical"), paste(kind, "profile"), "", function(t) p(t, data.frame(a = 0.5, k = factor("y", levels = c("x", "y", "z")))), best)
}
f <- lmer(growth ~ a * k + log(gdp) + (1 | country), d, REML = TRUE,
          control = lmerControl(optimizer = "nloptwrap", optCtrl = list(xtol_abs = 1e-14, ftol_abs = 1e-16, maxeval = 1e5)))
e <- emmeans(f, ~ k, at = list(a = 0.5, gdp = 4e8, k = c("x", "y", "z")), lmer.df = "asymptotic")
s <- as.data.frame(summary(e)); for (i in 1:3) keep("mixed_linear", "classical", paste("emmeans", s$k[i]), "", s$emmean[i], s$SE[i])
s <- as.data.frame(summary(contrast(e, "trt.vs.ctrl"))); for (i in 1:2) keep("mixed_linear", "classical", paste("k", c("y", "z")[i], "- x"), "", s$estimate[i], s$SE[i])
s <- as.data.frame(summary(emtrends(f, ~ k, var = "a", at = list(gdp = 4e8), lmer.df = "asymptotic")))
for (i in 1:3) keep("mixed_linear", "classical", paste("slope a at", s$k[i]), "", s$a.trend[i], s$SE[i])

write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, sapply(c("MASS", "ordinal", "lme4", "sandwich", "numDeriv", "emmeans"), function(p) paste(p, packageVersion(p)))), "session.txt")
