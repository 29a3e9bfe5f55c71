# Values of R's survival for the methods about hidden confounding, from patients.csv and copies.csv (see make_patients.py).
# Rscript make_expected.R, in this folder. R 4.2.2, survival 3.5-3.
library(survival)
options(digits = 17)
tight <- coxph.control(eps = 1e-13, iter.max = 100, toler.chol = 1e-14)
d <- read.csv("patients.csv")
copies <- as.matrix(read.csv("copies.csv", header = FALSE))
n <- nrow(d)
out <- data.frame(case = character(), estimate = numeric(), standard_error = numeric())
keep <- function(case, estimate, se) out[nrow(out) + 1, ] <<- list(case, estimate, se)
last <- function(case, fit) { k <- length(coef(fit)); keep(case, coef(fit)[[k]], sqrt(vcov(fit)[k, k])) }

# deaths from other causes
other <- Surv(d$entry, d$time, d$cause == 2)
last("outcome_crude", coxph(other ~ exposed, d, control = tight))
last("outcome_adjusted", coxph(other ~ age + marker + exposed, d, control = tight))
last("outcome_breslow_robust",
     coxph(other ~ age + marker + exposed, d, control = tight, ties = "breslow", cluster = seq_len(n)))

# cancer less other causes: two fits for the estimate, the stacked fit for both
cancer <- Surv(d$entry, d$time, d$cause == 1)
one <- coxph(cancer ~ age + marker + exposed, d, control = tight)
two <- coxph(other ~ age + marker + exposed, d, control = tight)
# joint sandwich of two separate fits: dfbeta residuals of one patient subtracted
difference <- residuals(one, "dfbeta")[, 3] - residuals(two, "dfbeta")[, 3]
keep("calibrated_two_fits", coef(one)[[3]] - coef(two)[[3]], sqrt(sum(difference^2)))
s <- rbind(cbind(d, own = 1, id = 1:n), cbind(d, own = 0, id = 1:n))
s$event <- ifelse(s$own == 1, s$cause == 1, s$cause == 2)
last("calibrated_stacked",
     coxph(Surv(entry, time, event) ~ I(age * own) + I(marker * own) + I(age * (1 - own)) + I(marker * (1 - own)) + exposed +
             I(exposed * own) + strata(own), s, control = tight, cluster = id))

# the decoy beside exposure
death <- Surv(d$entry, d$time, d$cause > 0)
last("exposure", coxph(death ~ age + marker + exposed + decoy, d, control = tight))
last("exposure_only", coxph(death ~ exposed + decoy, d, control = tight))

# two-stage residual inclusion, and both stages in every resample
both <- function(w, adjusted) {
  d$w <- w
  e <- d[w > 0, ]
  stage1 <- if (adjusted) exposed ~ age + marker + preference else exposed ~ preference
  first <- suppressWarnings(glm(stage1, binomial, e, weights = w, control = glm.control(epsilon = 1e-14, maxit = 100)))
  # once more from the maximum: vcov of glm lags one iteration behind
  first <- suppressWarnings(glm(stage1, binomial, e, weights = w, start = coef(first)))
  e$left <- e$exposed - fitted(first)
  stage2 <- if (adjusted) Surv(entry, time, cause > 0) ~ age + marker + left + exposed
            else Surv(entry, time, cause > 0) ~ left + exposed
  second <- coxph(stage2, e, weights = w, control = tight)
  c(tail(coef(second), 1), (coef(first)[["preference"]])^2 / vcov(first)["preference", "preference"])
}
for (adjusted in c(FALSE, TRUE)) {
  point <- both(rep(1, n), adjusted)
  draws <- apply(copies, 1, function(w) both(w, adjusted)[[1]])
  keep(if (adjusted) "residual_adjusted" else "residual_crude", point[[1]], sd(draws))
  keep(if (adjusted) "chi2_adjusted" else "chi2_crude", point[[2]], NA)
}
spelled <- function(x) ifelse(is.na(x), "", sprintf("%.16g", x))
out$estimate <- spelled(out$estimate)
out$standard_error <- spelled(out$standard_error)
write.csv(out, "expected.csv", row.names = FALSE, quote = FALSE)
