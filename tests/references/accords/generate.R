# Means of slopes by pillar with CR2 and Satterthwaite degrees of freedom, by clubSandwich, from deliveries.csv of the study.
# Rscript generate.R, in this folder.
suppressMessages(library(clubSandwich))
d <- read.csv("../../../datasets/accord_implementation/deliveries.csv", stringsAsFactors = FALSE)
d <- d[d$joined == 1, ]
all <- c("diplomacy", "resources", "norms", "economy", "environment", "community", "institutions")
several <- setdiff(all, c("economy", "environment"))
d$pillar <- factor(d$pillar, levels = all)
rows <- list()
run <- function(names, y, x, further, by_sd) {
  e <- d[complete.cases(d[, c(y, x, further)]), ]
  e$x <- if (by_sd) as.numeric(scale(e[[x]])) else e[[x]]
  m <- lm(as.formula(paste(y, "~ 0 + pillar + pillar:x +", paste(further, collapse = " + "))), e)
  V <- vcovCR(m, cluster = e$accord, type = "CR2")
  sets <- list(several, all)
  for (i in 1:2) {
    w <- setNames(rep(0, length(coef(m))), names(coef(m)))
    w[paste0("pillar", sets[[i]], ":x")] <- 1 / length(sets[[i]])
    r <- linear_contrast(m, V, contrasts = matrix(w, 1), test = "Satterthwaite")
    rows[[length(rows) + 1]] <<- data.frame(id = names[i], n = nrow(e), estimate = r$Est, std_error = r$SE, df = r$df)
  }
}
run(c("C10", "C10_seven"), "implemented", "executive_constraints", "promised", TRUE)
run(c("C11", "C11_seven"), "implemented", "polyarchy", "promised", TRUE)
run(c("C12", "C12_seven"), "gain", "early_turnover", c("early_implemented", "promised"), FALSE)
out <- do.call(rbind, rows)
for (c in c("estimate", "std_error", "df")) out[[c]] <- sprintf("%.10g", out[[c]])
write.csv(out, "delivery.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("clubSandwich", packageVersion("clubSandwich"))), "session.txt")
