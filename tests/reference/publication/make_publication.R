# Values for tests/kernels/test_selection.py from R's metafor (3.8-1). Run in this folder: Rscript make_publication.R
# Writes studies.csv (sets of estimates, the small and unfavourable ones mostly suppressed) and expected.csv (set, quantity, value).
suppressMessages(library(metafor))
set.seed(20261126)
studies <- data.frame(); out <- data.frame()
put <- function(set, quantity, value)
  out <<- rbind(out, data.frame(set = set, quantity = quantity, value = sprintf("%.15g", value)))
make <- function(set, k, effect, chance) {
  s <- exp(runif(4000, log(0.08), log(0.5))); y <- rnorm(4000, effect, s)
  kept <- which(y < -qnorm(0.975) * s | runif(4000) < chance)[1:k]
  studies <<- rbind(studies, data.frame(set = set, estimate = sprintf("%.15g", y[kept]), standard_error = sprintf("%.15g", s[kept])))
  y <- as.numeric(sprintf("%.15g", y[kept])); s <- as.numeric(sprintf("%.15g", s[kept]))
  fixed <- rma(y, sei = s, method = "FE")
  model <- selmodel(fixed, type = "stepfun", alternative = "less", steps = 0.025, control = list(optimizer = "BFGS", reltol = 1e-14))
  put(set, "selection_estimate", coef(model)$beta); put(set, "selection_error", model$se); put(set, "selection_chance", model$delta[2])
  limit <- regtest(y, sei = s, model = "lm", predictor = "sei")
  put(set, "precision_estimate", limit$est); put(set, "precision_low", limit$ci.lb); put(set, "precision_high", limit$ci.ub)
}
make("none", 40, 0, 0.2)
make("some", 25, -0.2, 0.4)
make("all", 60, 0.1, 1)
make("few", 12, -0.1, 0.1)
write.csv(studies, "studies.csv", row.names = FALSE, quote = FALSE)
write.csv(out, "expected.csv", row.names = FALSE, quote = FALSE)
