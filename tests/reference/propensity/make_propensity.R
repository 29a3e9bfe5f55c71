# Values for tests/methods from R 4.2's survival, survey, MatchIt, Hmisc, splines and lpSolve, independent of biasim.
# Run in this folder: Rscript make_propensity.R
# Writes patients.csv (the data), expected.csv (case, estimate, standard_error) and weights.csv (a column per case).
suppressMessages({library(survival); library(survey); library(MatchIt); library(Hmisc); library(splines); library(lpSolve)})
set.seed(20231013)
n <- 260
age <- round(rnorm(n), 6); size <- round(rgamma(n, 2), 6); grade <- sample(1:3, n, TRUE, c(0.25, 0.45, 0.3))
her2 <- rbinom(n, 1, 0.3); response <- rbinom(n, 1, plogis(0.3 - 0.4 * her2))
exposed <- rbinom(n, 1, plogis(-0.3 + 0.6 * age - 0.25 * size + 0.3 * (grade == 1) + 0.4 * response))
wait <- round(ifelse(exposed == 1, rexp(n, 0.15), NA), 5)
death <- rexp(n, 0.025 * exp(0.3 * age + 0.2 * size + 0.25 * grade - 0.4 * response - 0.3 * exposed))
lost <- runif(n, 8, 80)
time <- ceiling(10 * pmin(death, lost)) / 10                       # some ties
d <- data.frame(age, size, grade, her2, response, exposed, time, event = as.integer(death <= lost), started = wait)
d <- d[is.na(d$started) | d$started < d$time, ]; n <- nrow(d)
d$patient <- seq_len(n) - 1
write.csv(d, "patients.csv", row.names = FALSE, na = "inf")

out <- data.frame(); columns <- data.frame(patient = d$patient)
put <- function(case, estimate, se) {
  out <<- rbind(out, data.frame(case = case, estimate = sprintf("%.15g", estimate), standard_error = sprintf("%.15g", se)))
}
tight <- coxph.control(eps = 1e-14, iter.max = 60, toler.chol = 1e-15)
cox <- function(case, formula, data = d, w = NULL, by = NULL, robust = !is.null(by), ties = "efron") {  # exposure comes last
  options <- c(if (!is.null(w)) list(weights = w), if (!is.null(by)) list(cluster = by))
  f <- do.call(coxph, c(list(formula, data = data, ties = ties, robust = robust, control = tight), options))
  k <- length(coef(f)); s <- summary(f)$coefficients
  put(case, coef(f)[k], if (robust) s[k, "robust se"] else s[k, "se(coef)"])
}
weighted <- function(case, w) {
  columns[[case]] <<- sprintf("%.15g", w)
  cox(case, Surv(time, event) ~ exposed, d[w > 0, ], w = w[w > 0], robust = TRUE)
}
logit <- function(formula) predict(glm(formula, binomial, d, control = glm.control(1e-15, 100)))
x <- c("age", "size", "grade", "her2", "response")
d$logit <- logit(exposed ~ age + size + grade + her2 + response)

# Strata of the score
shares <- function(stratum, att) {                                    # size in the target over size of one's arm
  of <- function(v) as.numeric(tapply(v, stratum, sum)[as.character(stratum)]); n1 <- of(d$exposed); n0 <- of(1 - d$exposed)
  ifelse(n1 * n0 == 0, 0, (if (att) n1 else n1 + n0) / ifelse(d$exposed == 1, n1, n0))
}
cuts <- function(from, k) cut(d$logit, c(-Inf, quantile(from, (1:(k - 1)) / k), Inf), labels = FALSE)
d$five <- cuts(d$logit, 5); d$att <- cuts(d$logit[d$exposed == 1], 5)
cox("stratified", Surv(time, event) ~ strata(five) + exposed, data = d)
cox("stratified_breslow_3", Surv(time, event) ~ strata(cuts(d$logit, 3)) + exposed, data = d, ties = "breslow")
weighted("stratified_marginal", shares(d$five, FALSE)); weighted("stratified_att", shares(d$att, TRUE))

# The score as a covariate
p <- plogis(d$logit)
cox("adjusted", Surv(time, event) ~ logit + exposed, data = d)
cox("adjusted_robust", Surv(time, event) ~ logit + exposed, by = d$patient)
cox("adjusted_probability", Surv(time, event) ~ p + exposed, data = d)
bent <- rcspline.eval(d$logit, knots = quantile(d$logit, c(0.05, 0.35, 0.65, 0.95)), inclx = TRUE, norm = 2)
cox("adjusted_splines", Surv(time, event) ~ bent + exposed, data = d)

# Specification: natural splines span the same functions as restricted cubic ones with the same outer knots
knots <- function(v) { k <- unique(quantile(v, c(0.05, 0.35, 0.65, 0.95))); ns(v, knots = k[c(-1, -length(k))], Boundary.knots = range(k)) }
ate <- function(l) ifelse(d$exposed == 1, 1 / plogis(l), 1 / plogis(-l))
weighted("weighted_splines", ate(logit(exposed ~ knots(age) + size + grade + her2 + response)))  # room for 7
weighted("weighted_interactions", ate(logit(exposed ~ age * size)))
weighted("weighted_both", ate(logit(exposed ~ knots(age) + knots(size) + age:size)))

# Entropy balancing is raking: calibration with the multiplicative distance
rake <- function(arm, totals, formula) {
  g <- svydesign(~1, weights = rep(sum(totals[1]) / sum(arm), sum(arm)), data = d[arm, ])
  weights(calibrate(g, formula, totals, calfun = "raking", epsilon = 1e-13, maxit = 500))
}
entropy <- function(case, formula, target, att) {
  totals <- colSums(model.matrix(formula, d[target, ])); w <- rep(1, n)
  w[d$exposed == 0] <- rake(d$exposed == 0, totals, formula)
  if (!att) w[d$exposed == 1] <- rake(d$exposed == 1, totals, formula)
  weighted(case, w)
}
first <- ~ age + size + grade + her2 + response; all <- rep(TRUE, n); treated <- d$exposed == 1
second <- ~ age + size + grade + her2 + response + I(age^2) + I(size^2) + I(grade^2)
entropy("entropy_ate", first, all, FALSE); entropy("entropy_att", first, treated, TRUE)
entropy("entropy_ate_2", second, all, FALSE); entropy("entropy_att_2", second, treated, TRUE)

# Exact and coarsened exact matching: strata by MatchIt
whole <- function(subclass) { s <- as.character(subclass); s[is.na(s)] <- paste("alone", which(is.na(s))); s }
exact <- function(case, m, att = TRUE) {
  w <- shares(s <- whole(m$subclass), att)
  scale <- function(v) v / max(v)
  if (att) stopifnot(all.equal(scale(w[treated == 0]), scale(as.numeric(m$weights[treated == 0]))))
  weighted(case, w)
  cox(paste0(case, "_by_stratum"), Surv(time, event) ~ exposed, d[w > 0, ], w = w[w > 0], by = s[w > 0])
}
exact("exact", matchit(exposed ~ grade + her2 + response, d, method = "exact"))
exact("exact_ate", matchit(exposed ~ grade + her2 + response, d, method = "exact"), att = FALSE)
four <- function(k) setNames(rep(list(k), 5), x)
exact("coarsened", matchit(exposed ~ age + size + grade + her2 + response, d, method = "cem", cutpoints = four(4)))
exact("coarsened_quantiles", matchit(exposed ~ age + size + grade, d, method = "cem", cutpoints = list(age = "q3", size = "q3", grade = 0)))

# Optimal pairs, leaving out at the price of a caliper: linear programming
optimal <- function(case, caliper, unit) {
  z <- d$logit / unit; heads <- which(d$exposed == 1); controls <- which(d$exposed == 0)
  cost <- cbind(abs(outer(z[heads], z[controls], "-")), matrix(caliper, length(heads), 1))
  found <- lp.transport(cost, "min", rep("=", length(heads)), rep(1, length(heads)),
                        rep("<=", ncol(cost)), c(rep(1, length(controls)), length(heads)))
  made <- round(found$solution[, -ncol(cost)])
  h <- heads[rowSums(made) == 1]; c <- controls[colSums(made) == 1]
  h <- h[order(z[h])]; c <- c[order(z[c])]
  columns[[case]] <<- sprintf("%d", seq_len(n) %in% c(h, c))
  cox(case, Surv(time, event) ~ exposed, d[c(h, c), ], by = rep(seq_along(h), 2))
  put(paste0(case, "_matched_and_price"), length(h), found$objval)
}
pooled <- sqrt((var(d$logit[treated]) + var(d$logit[!treated])) / 2)
optimal("optimal", 0.2, sd(d$logit)); optimal("optimal_pooled", 0.05, pooled)

# Risk-set matching: a Cox model for the time to exposure, response known from month 3, and a loop
s <- d; s$started[is.na(s$started)] <- Inf; s$stop <- pmin(s$time, s$started); s$becomes <- as.integer(s$started < s$time)
early <- s[, c("patient", x, "stop", "becomes")]; early$from <- -1; early$until <- pmin(early$stop, 3 - 1e-6)
early$becomes <- early$becomes * (early$stop <= 3 - 1e-6); early$response <- mean(s$response)
after <- s[s$stop > 3 - 1e-6, c("patient", x, "stop", "becomes")]; after$from <- 3 - 1e-6; after$until <- after$stop
risk <- function(case, late, ratio, caliper, censor, keep = x, k = 2) {
  long <- if (late) rbind(early, after) else transform(s, from = -1, until = stop)
  stage <- if (late) rep(1:2, c(nrow(early), nrow(after))) else rep(1, n)
  fit <- coxph(reformulate(keep, "Surv(from, until, becomes)"), long, control = tight)
  long$lp <- drop(as.matrix(long[, keep]) %*% coef(fit)); sets <- NULL
  for (g in unique(stage)) {
    used <- rep(FALSE, n)                                             # a control once per stage
    here <- long[stage == g, ]; unit <- sd(here$lp); heads <- here[here$becomes == 1, ]
    for (i in order(heads$until, -heads$lp)) {
      h <- heads[i, ]; rows <- here$patient + 1
      far <- abs(here$lp - h$lp) / unit
      ok <- which(s$stop[rows] > h$until & !used[rows] & far <= caliper)
      ok <- head(ok[order(far[ok])], ratio)
      if (!length(ok)) next
      used[rows[ok]] <- TRUE
      one <- function(j, role, w) data.frame(patient = j - 1, exposed = role, w = w, set = h$patient,
        time = (if (role || !censor) s$time[j] else s$stop[j]) - h$until,
        event = if (role || !censor || !s$becomes[j]) s$event[j] else 0)
      sets <- rbind(sets, one(h$patient + 1, 1, 1), do.call(rbind, lapply(rows[ok], one, role = 0, w = 1 / length(ok))))
    }
  }
  v <- function(by, f = Surv(time, event) ~ exposed, w = sets$w) {
    g <- do.call(coxph, list(f, sets, weights = w, cluster = by, robust = TRUE, control = tight)); c(coef(g), vcov(g))
  }
  set <- v(sets$set); person <- v(sets$patient); row <- v(seq_len(nrow(sets)))
  put(case, set[1], sqrt(set[2] + person[2] - row[2]))
  one <- rep(1, nrow(sets)); f <- Surv(time, event) ~ exposed + strata(set)
  set <- v(sets$set, f, one); person <- v(sets$patient, f, one); row <- v(seq_len(nrow(sets)), f, one)
  put(paste0(case, "_stratified"), set[1], sqrt(set[2] + person[2] - row[2]))
  put(paste0(case, "_sets_and_controls"), sum(sets$exposed), sum(1 - sets$exposed))
}
risk("risk", FALSE, 1, 0.2, TRUE); risk("risk_late", TRUE, 1, 0.2, TRUE)
risk("risk_late_3", TRUE, 3, 0.5, FALSE); risk("risk_none", FALSE, 1, Inf, TRUE, c("age", "size"))
write.csv(out, "expected.csv", row.names = FALSE, quote = FALSE)
write.csv(columns, "weights.csv", row.names = FALSE, quote = FALSE)
