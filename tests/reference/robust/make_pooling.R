# Values for kernels/pooling.py and kernels/small_studies.py from R's metafor 3.8-1 (Debian), data from its metadat and drawn here.
# Rscript make_pooling.R, in this folder: writes studies.csv (set, estimate, standard_error) and pooling.csv (set, quantity, value).
suppressMessages(library(metafor))
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
set.seed(20233)
sets <- list(bcg = data.frame(y = c(bcg$yi), s = sqrt(c(bcg$vi))),
             hackshaw = data.frame(y = dat.hackshaw1998$yi, s = sqrt(dat.hackshaw1998$vi)),
             two = data.frame(y = c(-0.5, 0.1), s = c(0.2, 0.15)),
             three = data.frame(y = c(-0.42, -0.11, -0.65), s = c(0.11, 0.23, 0.31)),
             alike = data.frame(y = c(-0.50, -0.45, -0.48, -0.52, -0.44), s = c(0.10, 0.20, 0.15, 0.30, 0.25)),
             tied = data.frame(y = c(0.1, -0.3, 0.1, -0.6, -0.2, -0.9, 0.1), s = c(0.1, 0.2, 0.2, 0.3, 0.2, 0.4, 0.1)))
s <- round(exp(runif(60, log(0.05), log(0.6))), 6)
sets$many <- data.frame(y = round(-0.2 - 0.8 * s + rnorm(60, 0, sqrt(0.02 + s^2)), 6), s)
sets$lopsided <- data.frame(y = round(-0.1 - 1.5 * s[1:14] + rnorm(14, 0, 0.6 * s[1:14]), 6), s = s[1:14])
studies <- do.call(rbind, lapply(names(sets), function(n) data.frame(set = n, estimate = sprintf("%.17g", sets[[n]]$y), standard_error = sprintf("%.17g", sets[[n]]$s))))
write.csv(studies, "studies.csv", row.names = FALSE, quote = FALSE)

rows <- NULL
put <- function(set, quantity, value) rows <<- rbind(rows, data.frame(set, quantity, value = sprintf("%.15g", value)))
control <- list(threshold = 1e-15, maxiter = 100000, tol = 1e-14, tau2.max = 100)
for (n in names(sets)) {
  y <- sets[[n]]$y; s <- sets[[n]]$s; k <- length(y)
  for (m in c(none = "FE", dersimonian_laird = "DL", paule_mandel = "PM", reml = "REML")) for (test in c("z", "knha")) {
    name <- c(FE = "none", DL = "dersimonian_laird", PM = "paule_mandel", REML = "reml")[[m]]
    if (m == "FE" && test == "knha") next
    r <- rma(y, sei = s, method = m, test = test, control = control)
    label <- paste0(name, if (test == "knha") "_hk" else "")
    put(n, paste0(label, ".estimate"), r$beta[1]); put(n, paste0(label, ".standard_error"), r$se)
    put(n, paste0(label, ".low"), r$ci.lb); put(n, paste0(label, ".high"), r$ci.ub); put(n, paste0(label, ".tau2"), if (m == "FE") 0 else r$tau2)
    put(n, paste0(label, ".q"), r$QE); put(n, paste0(label, ".q_p"), r$QEp)
    if (m == "DL") put(n, "i2", r$I2 / 100)
    if (k > 2) { half <- qt(0.975, k - 2) * sqrt(r$se^2 + (if (m == "FE") 0 else r$tau2))  # Higgins et al. 2009, from the parts
      put(n, paste0(label, ".prediction_low"), r$beta[1] - half); put(n, paste0(label, ".prediction_high"), r$beta[1] + half) }
  }
  if (k > 2) {
    e <- regtest(y, sei = s, model = "lm"); put(n, "egger.value", coef(lm(y ~ s, weights = 1 / s^2))[[2]]); put(n, "egger.statistic", e$zval); put(n, "egger.p", e$pval)
    b <- suppressWarnings(ranktest(y, sei = s)); put(n, "begg.value", b$tau); put(n, "begg.p", b$pval)
    for (m in c("DL", "REML", "FE")) for (side in c("left", "right")) {
      t <- tryCatch(trimfill(rma(y, sei = s, method = m, control = control), side = side, control = control), error = function(err) NULL)
      if (is.null(t)) next
      name <- c(FE = "none", DL = "dersimonian_laird", REML = "reml")[[m]]
      put(n, paste0("trim.", name, ".", side, ".images"), t$k0); put(n, paste0("trim.", name, ".", side, ".estimate"), t$beta[1])
      put(n, paste0("trim.", name, ".", side, ".standard_error"), t$se)
    }
  }
}
write.csv(rows, "pooling.csv", row.names = FALSE, quote = FALSE)
