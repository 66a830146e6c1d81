# Reads the tables of the engines (../counts, ../ordered, ../mixed); writes cases.csv and session.txt into the folder it runs in.
library(MASS); library(ordinal); library(lme4)
options(digits = 16)

rows <- list()
keep <- function(model, what, value, term = "")
  rows[[length(rows) + 1]] <<- data.frame(model, what, case = seq_along(value) - 1, term, value = format(unname(value), digits = 16))

d <- read.csv("../counts/data.csv")
tight <- glm.control(epsilon = 1e-15, maxit = 500)
right <- attacks ~ a + k + offset(log(years))
for (name in c("poisson", "negative_binomial")) {
  f <- if (name == "poisson") glm(right, poisson, d, control = tight) else glm.nb(right, d, control = tight)
  keep(name, "fitted", fitted(f))
  keep(name, "residual", residuals(f, "response"))
  keep(name, "leverage", hatvalues(f))
  keep(name, "residual_standard", rstandard(f, type = "pearson"))
  keep(name, "residual_student", rstandard(f, type = "deviance"))
  keep(name, "cook", cooks.distance(f))
}

d <- read.csv("../ordered/data.csv")
d$level <- factor(d$level, levels = c("none", "little", "much", "all"), ordered = TRUE)
f <- clm(level ~ a + k + log(gdp), data = d, control = clm.control(gradTol = 1e-12, maxIter = 500L))
P <- predict(f, newdata = subset(d, select = -level), type = "prob")$fit
y <- as.integer(d$level)
keep("ordered", "chance", P[cbind(seq_along(y), y)])
keep("ordered", "residual", sapply(seq_along(y), function(i) sum(P[i, seq_len(4) < y[i]]) - sum(P[i, seq_len(4) > y[i]])))

d <- read.csv("../mixed/data.csv")
for (method in c("reml", "ml")) {
  f <- lmer(growth ~ a + k + log(gdp) + (1 | country), d, REML = method == "reml",
            control = lmerControl(optimizer = "nloptwrap", optCtrl = list(xtol_abs = 1e-14, ftol_abs = 1e-16, maxeval = 1e5)))
  keep(method, "fitted", fitted(f))
  keep(method, "residual", residuals(f))
  keep(method, "leverage", hatvalues(f))
  keep(method, "residual_standard", residuals(f) / (sigma(f) * sqrt(1 - hatvalues(f))))
  keep(method, "cook", cooks.distance(f))
  effects <- ranef(f)$country
  rows[[length(rows) + 1]] <- data.frame(model = method, what = "group", case = 0, term = rownames(effects), value = format(effects[, 1], digits = 16))
}
f <- glmer(peace ~ a + k + (1 | country), d, binomial, nAGQ = 25,
           control = glmerControl(optimizer = "nloptwrap", optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14, maxeval = 1e5)))
keep("mixed_logit", "fitted", fitted(f))
keep("mixed_logit", "residual", residuals(f, "response"))
keep("mixed_logit", "residual_standard", residuals(f, "pearson"))
keep("mixed_logit", "residual_student", residuals(f, "deviance"))
effects <- ranef(f)$country
rows[[length(rows) + 1]] <- data.frame(model = "mixed_logit", what = "group", case = 0, term = rownames(effects), value = format(effects[, 1], digits = 16))

write.csv(do.call(rbind, rows), "cases.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, sapply(c("MASS", "ordinal", "lme4"), function(p) paste(p, packageVersion(p)))), "session.txt")
