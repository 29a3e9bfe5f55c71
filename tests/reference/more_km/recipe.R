# Kaplan-Meier, RMST, log-rank and logistic regression on small awkward data, by R's survival and stats.
# Run in this folder: Rscript recipe.R   (R 4.2.2, survival 3.5-3, jsonlite). Writes expected.json; the data are in it.
suppressMessages({
  library(survival)
  library(jsonlite)
})
options(warn = -1)

km <- function(id, time, event, entry = NULL, weights = NULL, horizons = c(1, 2.5, 4)) {
  n <- length(time)
  y <- if (is.null(entry)) Surv(time, event) else Surv(entry, time, event)
  w <- if (is.null(weights)) rep(1, n) else weights
  out <- list(id = id, time = time, event = event, entry = entry, weights = weights)
  for (kind in c("plain", "log", "log-log")) {
    f <- survfit(y ~ 1, weights = w, conf.type = kind)
    q <- quantile(f, c(0.1, 0.25, 0.5, 0.75, 0.9))
    out[[kind]] <- list(lower = f$lower, upper = f$upper, q = as.numeric(q$quantile), q_lower = as.numeric(q$lower),
                        q_upper = as.numeric(q$upper))
  }
  # survfit gives the error of log survival (logse) or of survival
  se <- if (f$logse) f$surv * f$std.err else f$std.err
  means <- lapply(horizons, function(h) {
    m <- survival:::survmean(f, rmean = h)$matrix
    list(horizon = h, mean = unname(m["rmean"]), se = unname(m["se(rmean)"]))
  })
  c(out, list(times = f$time, n_risk = f$n.risk, n_event = f$n.event, surv = f$surv, se = se, robust = !f$logse,
              rmst = means))
}

set.seed(7)
n <- 40
tied <- sample(1:5, n, TRUE); died <- rbinom(n, 1, 0.6)
start <- round(runif(n, 0, 3), 1); stop <- start + sample(c(0.5, 1, 1.5, 2), n, TRUE)
x <- c(0.3, 0.3 + 2e-9, 0.6, 0.6 + 1e-8, 0.7, 0.7 + 3e-8, 0.9)  # one, one and two times
cases <- list(
  km("all_die", c(1, 2, 3, 4), c(1, 1, 1, 1)),
  km("all_censored", c(1, 2, 3, 4), c(0, 0, 0, 0)),
  km("ties_everywhere", tied, died),
  km("ties_last_all_die", c(1, 1, 2, 2, 3, 3), c(1, 0, 1, 1, 1, 1)),
  km("last_censored", c(1, 2, 2, 3, 4, 5), c(1, 1, 0, 1, 0, 0)),
  km("never_below_half", c(1, 2, 3, 4, 5, 6), c(1, 0, 1, 0, 0, 0)),
  km("ends_at_half", c(1, 2, 3, 4), c(1, 1, 0, 0)),
  km("half_over_a_stretch", c(1, 2, 3, 4), c(1, 1, 0, 1)),
  km("one_death", 2, 1), km("one_loss", 2, 0),
  km("death_and_loss_together", c(2, 2, 2, 3), c(1, 0, 0, 1)),
  km("rounding_ties", x, c(1, 1, 1, 0, 1, 1, 0), horizons = c(0.5, 0.8)),
  km("delayed_entry", stop, died, entry = start),
  km("empty_risk_set_between", c(1, 2, 4, 5, 6), c(1, 0, 0, 1, 1), entry = c(0, 0, 3, 3.5, 4), horizons = c(1.5, 4, 5.5)),
  km("zero_then_entries", c(1, 2, 4, 5, 6), c(1, 1, 0, 1, 0), entry = c(0, 0, 3, 3.5, 4), horizons = c(1.5, 4, 5.5)),
  km("enter_at_a_death", c(2, 2, 3, 4, 5), c(1, 1, 1, 0, 1), entry = c(0, 1, 2, 2, 0)),
  km("frequencies", tied[1:12], died[1:12], weights = rep(c(1, 3, 2), 4)),
  km("fractions", tied, died, weights = round(rexp(n), 2) + 0.01),
  km("fractions_some_zero", stop, died, weights = round(rexp(n), 1)),
  km("fractions_delayed_entry", stop, died, entry = start, weights = round(rexp(n), 2) + 0.05),
  km("fractions_all_die", c(1, 2, 3, 4), c(1, 1, 1, 1), weights = c(1.5, 1, 0.5, 2)),
  km("beyond_last_time", c(1, 2, 3), c(1, 0, 0), horizons = c(2, 3, 10)),
  km("beyond_last_death", c(1, 2, 3), c(1, 0, 1), horizons = c(2, 3, 10))
)

lr <- function(id, time, event, group, strata = NULL, rho = 0) {
  f <- if (is.null(strata)) survdiff(Surv(time, event) ~ group, rho = rho)
       else survdiff(Surv(time, event) ~ group + strata(strata), rho = rho)
  total <- function(v) if (is.matrix(v)) rowSums(v) else v
  list(id = id, time = time, event = event, group = group, strata = strata, rho = rho, chisq = f$chisq,
       df = sum(total(f$exp) > 0) - 1, observed = as.numeric(total(f$obs)), expected = as.numeric(total(f$exp)),
       variance = f$var)
}
g2 <- rbinom(n, 1, 0.5); g4 <- sample(1:4, n, TRUE); s3 <- sample(1:3, n, TRUE); s20 <- rep(1:20, 2)
tests <- c(
  lapply(c(0, 0.5, 1, 2), function(r) lr(paste0("two_", r), tied, died, g2, rho = r)),
  lapply(c(0, 1), function(r) lr(paste0("four_", r), tied, died, g4, rho = r)),
  lapply(c(0, 0.5, 1), function(r) lr(paste0("four_strata_", r), tied, died, g4, strata = s3, rho = r)),
  lapply(c(0, 1), function(r) lr(paste0("pairs_as_strata_", r), stop, died, g2, strata = s20, rho = r)),
  list(lr("group_gone_before_the_first_death", c(1, 2, 3, 4, 5, 6), c(0, 1, 1, 0, 1, 1), c(3, 1, 2, 1, 2, 1)),
       lr("rounding_ties", x, c(1, 1, 1, 0, 1, 1, 0), c(0, 1, 0, 1, 0, 1, 1)),
       lr("last_death_alone", c(1, 2, 3), c(1, 1, 1), c(0, 1, 0)))
)

# The default glm says which columns are aliased; a second fit without them goes to the last digit (its tolerance for
# aliasing shrinks with epsilon, so that one fit cannot do both).
glm_case <- function(id, x, y, weights = rep(1, length(y))) {
  fit <- function(columns, ...) {
    d <- data.frame(y = y, x[, columns, drop = FALSE])
    glm(y ~ ., family = binomial, data = d, weights = weights, control = glm.control(...))
  }
  kept <- !is.na(coef(fit(seq_len(ncol(x)))))
  f <- fit(which(kept[-1]), epsilon = 1e-15, maxit = 100)
  full <- function(values) replace(rep(NA_real_, length(kept)), kept, values)
  list(id = id, x = unname(as.matrix(x)), y = y, weights = weights, coef = full(unname(coef(f))),
       se = full(sqrt(diag(vcov(f)))), loglik = -f$deviance / 2)
}
a <- round(rnorm(n), 3); b <- round(rnorm(n), 3); cat3 <- sample(0:2, n, TRUE)
y <- rbinom(n, 1, plogis(a - 0.5))
fits <- list(
  glm_case("plain", cbind(a, b), y),
  glm_case("weights", cbind(a, b), y, weights = round(rexp(n), 2) + 0.1),
  glm_case("aliased_sum", cbind(a, b, a + b, cat3), y),
  glm_case("all_dummies", cbind(1 * (cat3 == 0), 1 * (cat3 == 1), 1 * (cat3 == 2), a), y),
  glm_case("constant_column", cbind(a, rep(0.1, n), b), y),
  glm_case("far_from_zero", cbind(1e6 + a, 1e-5 * b), y)
)
write_json(list(km = cases, logrank = tests, logistic = fits), "expected.json", digits = I(17), auto_unbox = TRUE,
           null = "null", na = "null", pretty = FALSE)
