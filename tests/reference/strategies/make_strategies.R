# Values for tests/methods/test_methods_strategies.py from R's survival (3.5-3), independent of biasim.
# Run in this folder: Rscript make_strategies.R
# Clones are written out as long data, one row per clone and stretch of time between any two moments of the data; weights come
# from survfit on the Cox model of surgery (or glm on patient-months); coxph and survfit do the rest.
# Writes patients.csv (the data) and expected.csv (case, estimate, standard_error, low digits kept).
library(survival)
set.seed(20230130)
n <- 160; grace <- 8; known <- 3
age <- round(rnorm(n), 4); stage <- rbinom(n, 1, 0.4); response <- rbinom(n, 1, plogis(0.3 - 0.5 * age))
wait <- rexp(n, 0.12 * exp(-0.4 * age)); wait <- ifelse(wait > 3, 3 + rexp(n, 0.08 * exp(-0.4 * age + 0.8 * response)), wait)
death <- rexp(n, 0.03 * exp(0.5 * age + 0.4 * stage - 0.4 * response)); lost <- runif(n, 15, 60)
time <- round(ceiling(10 * pmin(death, lost)) / 10, 1); event <- as.integer(death <= lost)   # tenths of a month: ties
surgery <- round(wait, 1); surgery[surgery == 0] <- 0.1; surgery[surgery >= time] <- Inf
upfront <- sample(which(is.finite(surgery)), 4); surgery[upfront] <- 0            # operated at time zero
d <- data.frame(patient = seq_len(n) - 1, age, stage, response, time, event, surgery)
write.csv(d, "patients.csv", row.names = FALSE)

out <- data.frame()
put <- function(case, estimate, se) {
  out <<- rbind(out, data.frame(case = case, estimate = sprintf("%.15g", estimate), standard_error = sprintf("%.15g", se)))
}
tight <- coxph.control(eps = 1e-14, iter.max = 60, toler.chol = 1e-15)

# records of waiting for surgery: response is 0 until month 3, from then on its value; time zero is in the risk set of upfront
records <- function(who, stop, operated) {
  one <- data.frame(id = who, start = -1, stop = pmin(stop, known), age = d$age[who], stage = d$stage[who], response = 0,
                    late = 0, surg = operated & stop <= known)
  two <- data.frame(id = who, start = known, stop = stop, age = d$age[who], stage = d$stage[who], response = d$response[who],
                    late = 1, surg = operated & stop > known)
  rbind(one, two[stop > known, ])
}
# cumulative hazard of surgery of a patient at time t, with jumps at times < t (left) or <= t
cox_hazard <- function(fit) {
  base <- basehaz(fit, centered = FALSE)
  jump <- diff(c(0, base$hazard)); at <- base$time
  b <- coef(fit)
  function(i, t) {
    early <- exp(sum(b[c("age", "stage")] * unlist(d[i, c("age", "stage")])))
    late <- early * exp(b["response"] * d$response[i])
    sapply(t, function(u) sum(jump[at < u & at <= known]) * early + sum(jump[at < u & at > known]) * late)
  }
}
fit_cox <- function(rec) coxph(Surv(start, stop, surg) ~ age + stage + response, data = rec, ties = "breslow", control = tight)
months_hazard <- function(limit) {                       # pooled logistic regression on patient-months
  stop <- pmin(d$surgery, d$time, limit); operated <- is.finite(d$surgery) & d$surgery <= limit
  month <- ceiling(stop)                                # month 0 is time zero: everybody is at risk of it
  rows <- do.call(rbind, lapply(seq_len(n), function(i) {
    m <- 0:month[i]
    data.frame(id = i, month = m, y = operated[i] & m == month[i],
               part = ifelse(m < month[i] | operated[i], 1, stop[i] - (m - 1)), age = d$age[i], stage = d$stage[i],
               response = ifelse(m > known, d$response[i], 0))
  }))
  stopifnot(all(tapply(rows$y, rows$month, sum) > 0))    # every month has its own intercept
  fit <- suppressWarnings(glm(y ~ factor(month) + age + stage + response, binomial, data = rows, weights = part,
                              control = list(epsilon = 1e-15, maxit = 60)))
  function(i, t) {
    new <- data.frame(month = 0:limit, age = d$age[i], stage = d$stage[i],
                      response = ifelse(0:limit > known, d$response[i], 0))
    rate <- -log(1 - predict(fit, new, type = "response"))
    sapply(t, function(u) sum(rate * c(u > 0, pmin(pmax(u - (seq_len(limit) - 1), 0), 1))))
  }
}

long <- function(model, never) {
  limit <- if (never) Inf else grace
  within <- d$surgery <= grace; departs <- is.finite(d$surgery) & d$surgery <= limit
  stop <- pmin(d$surgery, d$time, limit)
  tested <- which(d$time > grace)
  if (model == "cox") {
    hazard <- cox_hazard(fit_cox(records(seq_len(n), stop, departs)))
    by_end <- cox_hazard(fit_cox(records(tested, pmin(d$surgery, grace)[tested], within[tested])))
    chance <- function(i) 1 - exp(-by_end(i, grace + 1e-9))
  } else if (model == "pooled_logistic") {
    hazard <- months_hazard(grace)
    g <- glm(within ~ age + stage + response, binomial, data = cbind(d, within)[tested, ],
             control = list(epsilon = 1e-15, maxit = 60))
    chance <- function(i) predict(g, d[i, ], type = "response")
  } else { hazard <- function(i, t) 0 * t; chance <- function(i) 1 }
  moments <- sort(unique(c(d$time, d$surgery[is.finite(d$surgery)], grace, seq_len(grace))))
  clone <- function(i, arm) {
    end <- if (arm == 1) { if (within[i]) d$time[i] else min(d$time[i], grace) } else if (departs[i]) d$surgery[i] else d$time[i]
    dead <- d$event[i] == 1 && end == d$time[i]
    if (end <= 0) return(NULL)
    cuts <- c(0, moments[moments > 0 & moments < end], end)
    start <- head(cuts, -1); stop <- tail(cuts, -1)
    w <- if (arm == 1) ifelse(stop <= grace, 1, 1 / chance(i)) else
      exp(hazard(i, if (model == "cox") pmin(stop, limit + 1e-9) else pmin(stop, limit)))
    data.frame(id = i, arm = arm, start = start, stop = stop, dead = dead & stop == end, w = w)
  }
  do.call(rbind, c(lapply(seq_len(n), clone, arm = 1), lapply(seq_len(n), clone, arm = 0)))
}

# weights of pooled logistic grow within an interval between moments: evaluated at its end, where deaths happen
contrasts <- function(case, l, month) {
  f <- coxph(Surv(start, stop, dead) ~ arm, data = l, weights = w, cluster = id, ties = "breslow", control = tight)
  put(paste0(case, "_hazard_ratio"), coef(f), sqrt(f$var[1, 1]))
  curves <- lapply(1:0, function(a) {
    s <- survfit(Surv(start, stop, dead) ~ 1, data = l[l$arm == a, ], weights = w, id = id, influence = 1, se.fit = TRUE)
    ids <- sort(unique(l$id[l$arm == a]))
    list(s = s, ids = ids)
  })
  at <- lapply(curves, function(k) {
    j <- max(which(k$s$time <= month)); inf <- numeric(n); inf[k$ids] <- k$s$influence.surv[, j]
    list(value = k$s$surv[j], inf = inf)
  })
  put(paste0(case, "_survival_", month), at[[1]]$value - at[[2]]$value, sqrt(sum((at[[1]]$inf - at[[2]]$inf)^2)))
  area <- lapply(curves, function(k) {
    keep <- k$s$time <= month; t <- c(k$s$time[keep], month); dt <- diff(t)
    inf <- numeric(n); inf[k$ids] <- as.vector(k$s$influence.surv[, keep, drop = FALSE] %*% dt)
    list(value = t[1] + sum(k$s$surv[keep] * dt), inf = inf)
  })
  put(paste0(case, "_rmst_", month), area[[1]]$value - area[[2]]$value, sqrt(sum((area[[1]]$inf - area[[2]]$inf)^2)))
}
for (model in c("none", "cox", "pooled_logistic")) contrasts(paste0(model, "_not_within_grace"), long(model, FALSE), 24)
for (model in c("none", "cox")) contrasts(paste0(model, "_never"), long(model, TRUE), 24)

# g-computation: predictions of survfit averaged over patients; error by the infinitesimal jackknife, each patient's case
# weight moved up and down by h and everything fitted again. Delayed entry for a third of the patients.
d$entry <- ifelse(d$patient %% 3 == 0, round(d$time / 4, 1), 0); d$exposed <- as.integer(is.finite(d$surgery))
stopifnot(all(d$entry < d$time))
standardised <- function(by_arm, att, area, month, w) {
  d$w <- w
  form <- if (by_arm) Surv(entry, time, event) ~ age + stage + response + strata(exposed) else
    Surv(entry, time, event) ~ age + stage + response + exposed
  f <- coxph(form, data = d, weights = w, ties = "breslow", control = tight)
  q <- w * (if (att) d$exposed else 1)
  value <- sapply(1:0, function(a) {
    new <- d; new$exposed <- a
    s <- survfit(f, newdata = new, se.fit = FALSE)
    if (!is.matrix(s$surv)) {                              # survfit gives each patient the curve of her own stratum
      lengths <- s$strata; last <- cumsum(lengths); first <- last - lengths + 1
      one <- function(i) { k <- first[i]:last[i]; read(s$time[k], s$surv[k], area, month) }
      each <- sapply(seq_len(n), one)
    } else each <- sapply(seq_len(n), function(i) read(s$time, s$surv[, i], area, month))
    sum(q * each) / sum(q)
  })
  value[1] - value[2]
}
read <- function(time, surv, area, month) {
  keep <- time <= month
  if (!area) return(tail(surv[keep], 1))
  sum(c(1, surv[keep]) * diff(c(0, time[keep], month)))
}
h <- 1e-4
for (by_arm in c(FALSE, TRUE)) for (att in c(FALSE, TRUE)) for (area in c(FALSE, TRUE)) {
  one <- rep(1, n); value <- standardised(by_arm, att, area, 24, one)
  influence <- sapply(seq_len(n), function(i) {
    up <- one; up[i] <- 1 + h; down <- one; down[i] <- 1 - h
    (standardised(by_arm, att, area, 24, up) - standardised(by_arm, att, area, 24, down)) / (2 * h)
  })
  put(paste0("g_", if (by_arm) "by_arm" else "shared", if (att) "_att" else "_ate", if (area) "_rmst_24" else "_survival_24"),
      value, sqrt(sum(influence^2)))
}
write.csv(out, "expected.csv", row.names = FALSE, quote = FALSE)
print(out)
