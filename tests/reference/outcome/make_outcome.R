# Reference values of the outcome family: R 4.2.2, survival 3.5-3. Run in this folder: Rscript make_outcome.R
# Reads patients.csv, tied.csv and late.csv (made by make_patients.py); writes expected.csv and curve.csv.
library(survival)
tight <- coxph.control(eps = 1e-14, iter.max = 50)
options(digits = 15)
files <- c(patients = "patients.csv", tied = "tied.csv", late = "late.csv")
rows <- list()
keep <- function(case, data, cause, adjust, ties, name, value)
  rows[[length(rows) + 1]] <<- data.frame(case, data, cause, adjust, ties, name, value)

for (data in names(files)) {
  d <- read.csv(files[[data]])
  d$state <- factor(d$cause, 0:2, c("alive", "cancer", "other"))
  for (cause in c("cancer", "other")) for (adjust in c(FALSE, TRUE)) for (ties in c("efron", "breslow")) {
    right <- if (adjust) "x0 + x1 + exposed" else "exposed"
    d$own <- as.integer(d$state == cause)
    fit <- coxph(as.formula(paste("Surv(entry, time, own) ~", right)), d, ties = ties, control = tight, robust = FALSE)
    rob <- coxph(as.formula(paste("Surv(entry, time, own) ~", right)), d, ties = ties, control = tight, cluster = id)
    keep("cause_specific", data, cause, adjust, ties, "coef", coef(fit)[["exposed"]])
    keep("cause_specific", data, cause, adjust, ties, "se", sqrt(vcov(fit)["exposed", "exposed"]))
    keep("cause_specific", data, cause, adjust, ties, "robust_se", sqrt(vcov(rob)["exposed", "exposed"]))
    long <- if (data == "late") finegray(Surv(entry, time, state) ~ ., d, etype = cause, id = id)
            else finegray(Surv(time, state) ~ ., d, etype = cause)
    fg <- coxph(as.formula(paste("Surv(fgstart, fgstop, fgstatus) ~", right)), long, weights = fgwt, ties = ties, control = tight, cluster = id)
    keep("fine_gray", data, cause, adjust, ties, "coef", coef(fg)[["exposed"]])
    keep("fine_gray", data, cause, adjust, ties, "se", sqrt(vcov(fg)["exposed", "exposed"]))
    keep("fine_gray", data, cause, adjust, ties, "expanded_rows", nrow(long))
  }
  # Fleming-Harrington weights by hand: the pooled curve of survfit, at risk counted one death time after the other
  died <- d$cause > 0
  times <- sort(unique(d$time[died]))
  curve <- survfit(Surv(d$entry, d$time, died) ~ 1)
  before <- sapply(times, function(t) c(1, curve$surv)[sum(curve$time < t) + 1])
  table <- t(sapply(times, function(t) {
    risk <- d$entry < t & d$time >= t
    c(n = sum(risk), n1 = sum(risk & d$exposed == 1), d = sum(died & d$time == t), d1 = sum(died & d$time == t & d$exposed == 1))
  }))
  n <- table[, "n"]; n1 <- table[, "n1"]; k <- table[, "d"]; k1 <- table[, "d1"]
  v <- ifelse(n > 1, k * (n - k) / (n - 1) * n1 * (n - n1) / n^2, 0)
  u <- k1 - k * n1 / n
  exponents <- list(c(0, 0), c(1, 0), c(0, 1), c(1, 1), c(0.5, 2))
  w <- sapply(exponents, function(e) before^e[1] * (1 - before)^e[2])
  z <- colSums(w * u) / sqrt(colSums(w^2 * v))
  for (i in seq_along(exponents)) {
    name <- paste0(exponents[[i]], collapse = ",")
    score <- function(b) sum(w[, i] * (k1 - k * n1 * exp(b) / (n - n1 + n1 * exp(b))))
    b <- uniroot(score, c(-5, 5), tol = 1e-14)$root
    p1 <- n1 * exp(b) / (n - n1 + n1 * exp(b))
    keep("weighted", data, "", FALSE, gsub(",", ";", name), "chisq", z[i]^2)
    keep("weighted", data, "", FALSE, gsub(",", ";", name), "coef", b)
    keep("weighted", data, "", FALSE, gsub(",", ";", name), "se", sqrt(sum(w[, i]^2 * k * p1 * (1 - p1))) / sum(w[, i] * k * p1 * (1 - p1)))
    keep("weighted", data, "", FALSE, gsub(",", ";", name), "one_step", sum(w[, i] * u) / sum(w[, i] * v))
  }
  if (data != "late") {
    keep("survdiff", data, "", FALSE, "0;0", "chisq", survdiff(Surv(time, died) ~ exposed, d)$chisq)
    keep("survdiff", data, "", FALSE, "1;0", "chisq", survdiff(Surv(time, died) ~ exposed, d, rho = 1)$chisq)
  }
  keep("max_combo", data, "", FALSE, "", "z", max(abs(z[1:4])))
  covariance <- t(w[, 1:4]) %*% (w[, 1:4] * v)
  ev <- eigen(cov2cor(covariance))  # of rank 3: the weights S and 1 - S sum to the constant one
  root <- sqrt(pmax(ev$values, 0)) * t(ev$vectors)
  set.seed(20230130)  # by simulation: no program for the multivariate normal is in Debian's survival stack
  draws <- abs(matrix(rnorm(4 * 2e6), ncol = 4) %*% root)
  keep("max_combo", data, "", FALSE, "", "p", mean(pmax(draws[, 1], draws[, 2], draws[, 3], draws[, 4]) > max(abs(z[1:4]))))
  # Proportional hazards: test and smoothed curve of exposure
  for (adjust in c(FALSE, TRUE)) for (ties in c("efron", "breslow")) {
    right <- if (adjust) "x0 + x1 + exposed" else "exposed"
    fit <- coxph(as.formula(paste("Surv(entry, time, cause > 0) ~", right)), d, ties = ties, control = tight)
    for (transform in c("km", "identity", "rank", "log")) {
      zph <- cox.zph(fit, transform = transform)
      keep(paste0("zph_", transform), data, "", adjust, ties, "chi2", zph$table["exposed", "chisq"])
      keep(paste0("zph_", transform), data, "", adjust, ties, "global", zph$table["GLOBAL", "chisq"])
      shown <- if (adjust) 3 else 1
      pred.x <- range(zph$x) %*% rbind(seq(1, 0, length = 9), seq(0, 1, length = 9))  # as plot.cox.zph does, at 9 points
      basis <- splines::ns(zph$x, df = 4, intercept = TRUE)
      pmat <- predict(basis, as.vector(pred.x))
      q <- qr(basis)
      bk <- backsolve(q$qr[1:4, 1:4], diag(4))
      shape <- rowSums((pmat %*% (bk %*% t(bk))) * pmat)
      value <- as.vector(pmat %*% qr.coef(q, zph$y[, shown]))
      for (i in 1:9) {
        keep(paste0("curve_", transform), data, "", adjust, ties, paste0("x", i), pred.x[i])
        keep(paste0("curve_", transform), data, "", adjust, ties, paste0("y", i), value[i])
        keep(paste0("curve_", transform), data, "", adjust, ties, paste0("se", i), sqrt(zph$var[shown, shown] * shape[i]))
      }
    }
  }
}
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
