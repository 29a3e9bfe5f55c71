# Values for tests/methods/test_methods_missing.py and tests/kernels/test_rubin.py from R's survival (3.5-3) and mice (3.15.0).
# Data: ../on_purpose/patients.csv, observed from time 0, with gaps of two patterns. Run in this folder: Rscript make_missing.R
# Writes patients.csv (the data with gaps), expected.csv (case, quantity, value) and rubin.csv (sets of estimates, and what
# pool.scalar makes of them). Imputed: m = 1,000 copies by norm and logreg from covariates, exposure, death, Nelson-Aalen.
library(survival)
suppressMessages(library(mice))
set.seed(20261125)
d <- read.csv("../on_purpose/patients.csv")[, c("age", "stage", "marker", "exposed", "time", "event")]
d$hazard <- nelsonaalen(d, time, event)
out <- data.frame()
put <- function(case, quantity, value)
  out <<- rbind(out, data.frame(case = case, quantity = quantity, value = sprintf("%.15g", value)))

n <- nrow(d)
together <- runif(n) < plogis(-1.4 + 0.6 * d$age)
block <- d; block$stage[together] <- NA; block$marker[together] <- NA
nested <- block; nested$marker[runif(n) < 0.2] <- NA
scattered <- d; scattered$stage[runif(n) < 0.25] <- NA; scattered$marker[runif(n) < 0.25] <- NA
tight <- coxph.control(eps = 1e-14, iter.max = 60, toler.chol = 1e-15)

for (case in c("block", "nested", "scattered")) {
  x <- get(case)
  i <- x
  for (name in c("stage", "marker")) {
    i[[paste0("no_", name)]] <- as.numeric(is.na(i[[name]]))
    i[[name]][is.na(i[[name]])] <- 0
  }
  f <- coxph(Surv(time, event) ~ age + stage + marker + no_stage + no_marker + exposed, i, control = tight)
  put(case, "indicator_estimate", coef(f)["exposed"])
  put(case, "indicator_error", sqrt(vcov(f)["exposed", "exposed"]))
  y <- x; y$stage <- factor(y$stage)
  method <- c(age = "", stage = "logreg", marker = "norm", exposed = "", time = "", event = "", hazard = "")
  predictors <- matrix(1, 7, 7, dimnames = list(names(y), names(y))); diag(predictors) <- 0; predictors[, "time"] <- 0
  made <- mice(y, m = 1000, method = method, predictorMatrix = predictors, maxit = if (case == "scattered") 10 else 5,
               printFlag = FALSE, seed = 7)
  fits <- with(made, coxph(Surv(time, event) ~ age + stage + marker + exposed))
  q <- sapply(fits$analyses, function(f) coef(f)["exposed"])
  u <- sapply(fits$analyses, function(f) vcov(f)["exposed", "exposed"])
  put(case, "imputed_estimate", mean(q))
  put(case, "imputed_between", var(q))
  put(case, "imputed_within", mean(u))
}
write.csv(out, "expected.csv", row.names = FALSE, quote = FALSE)
keep <- function(x, name) setNames(x[, c("stage", "marker")], paste0(c("stage_", "marker_"), name))
write.csv(cbind(d[, c("age", "exposed", "time", "event")], keep(block, "block"), keep(nested, "nested"),
                keep(scattered, "scattered")), "patients.csv", row.names = FALSE, na = "nan")

sets <- list(c(-0.31, -0.25, -0.40), rnorm(5, 0, 0.2), rnorm(20, 0.3, 0.05), c(0.1, 0.9))
rules <- data.frame()
for (k in seq_along(sets)) for (complete in c(20, 150, Inf)) {
  q <- sets[[k]]; u <- (0.1 + 0.02 * seq_along(q))^2
  r <- pool.scalar(q, u, n = complete + 1, k = 1)  # the degrees of freedom without gaps are n - k
  rules <- rbind(rules, data.frame(estimates = paste(sprintf("%.15g", q), collapse = " "),
    errors = paste(sprintf("%.15g", sqrt(u)), collapse = " "), complete = complete, estimate = sprintf("%.15g", r$qbar),
    variance = sprintf("%.15g", r$t), increase = sprintf("%.15g", r$r), df = sprintf("%.15g", r$df), lost = sprintf("%.15g", r$fmi)))
}
write.csv(rules, "rubin.csv", row.names = FALSE, quote = FALSE)
