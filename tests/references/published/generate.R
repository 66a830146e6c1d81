# Reads doyle_sambanis_2000.dta and fearon_laitin_2003.csv (not committed; see tests/models/test_published.py) from the folder given as the
# first argument; writes expected.csv and session.txt into the folder it runs in.
library(sandwich); library(foreign)
options(digits = 16)
from <- commandArgs(TRUE)[1]
tight <- glm.control(epsilon = 1e-15, maxit = 100)
rows <- list()
keep <- function(model, m, V) {
  value <- c(coef(m), sqrt(diag(V)), as.numeric(logLik(m)))
  quantity <- rep(c("estimate", "std_error", "loglik"), c(length(coef(m)), length(coef(m)), 1))
  rows[[length(rows) + 1]] <<- data.frame(model, quantity, term = c(names(coef(m)), names(coef(m)), ""), value = format(unname(value), digits = 16))
}
d <- read.dta(file.path(from, "doyle_sambanis_2000.dta"), convert.factors = FALSE)
d <- d[!is.na(d$logcost) & !is.na(d$trnsfcap), ]
a8 <- pbs2s3 ~ wartype + logcost + wardur + factnum + factnum2 + trnsfcap + develop + exp + decade + treaty + untype4
for (model in c("a8", "interaction")) {
  m <- glm(if (model == "a8") a8 else update(a8, . ~ . + wardur:untype4), binomial, d, control = tight)
  keep(model, m, vcovCL(m, d$cluster, type = "HC0", cadjust = TRUE))
}
f <- read.csv(file.path(from, "fearon_laitin_2003.csv"))
f$onset <- as.integer(f$onset > 0)
m <- glm(onset ~ warl + gdpenl + lpopl1 + lmtnest + ncontig + Oil + nwstate + instab + polity2l + ethfrac + relfrac, binomial, f, control = tight)
keep("onset", m, vcov(m))
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("sandwich", packageVersion("sandwich"))), "session.txt")
