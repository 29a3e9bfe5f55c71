# Values for tests/methods/test_methods_trials*.py and tests/kernels/test_group_sequential.py.
# R 4.2.2, survival 3.5-3, rpact (Debian 12). Run in this folder: Rscript make_trials.R
# Writes patients.csv (a simulated trial), expected.csv (case, estimate, standard_error) and boundaries.csv.
suppressMessages({library(survival); library(rpact)})
options(digits = 17)
set.seed(20)
n <- 500
x <- rnorm(n); stage <- rbinom(n, 1, 0.4); response <- rbinom(n, 1, plogis(0.8 * x))
assigned <- rbinom(n, 1, 0.5)
started <- 2005 + round(24 * runif(n)) / 12
cross <- ceiling(4 * rexp(n, 0.012 * exp(0.5 * x + 0.5 * response))) / 4
cross[runif(n) < 0.06] <- 0
wait <- ifelse(runif(n) < plogis(2 - 0.6 * x), ceiling(4 * runif(n, 0, 5)) / 4, ifelse(runif(n) < 0.3, 9, Inf))
operation <- ifelse(assigned == 1, wait, cross)
death <- rexp(n, 0.035 * exp(-0.4 * x + 0.3 * stage)); end <- 72 - 12 * (started - 2005)
clock <- pmin(death, operation) + pmax(death - pmin(death, operation), 0) / 0.6
clock[is.infinite(operation)] <- death[is.infinite(operation)]
time <- pmax(round(pmin(clock, end), 2), 0.01); event <- as.integer(clock <= end)
exposed_from <- ifelse(operation < time, operation, Inf)
leaves <- ifelse(assigned == 1, exposed_from > 6, is.finite(exposed_from))  # for a window of 6 months
rare <- rbinom(n, 1, 0.08) * (1 - leaves)                                   # nobody who has it leaves her arm
d <- data.frame(time, event, assigned, exposed_from, started, x, stage, response, rare, patient = 1:n)
write.csv(transform(d, exposed_from = ifelse(is.finite(exposed_from), exposed_from, "")), "patients.csv", row.names = FALSE, quote = FALSE)
d <- read.csv("patients.csv"); d$exposed_from[is.na(d$exposed_from)] <- Inf

out <- data.frame()
coxph <- function(...) {  # to the last digit; the call is built anew so that weights and cluster are found in the data
  call <- match.call(); call[[1]] <- quote(survival::coxph)
  call$control <- quote(survival::coxph.control(eps = 1e-14, iter.max = 60, toler.chol = 1e-15)); eval(call, parent.frame())
}
keep <- function(case, estimate, error) out <<- rbind(out, data.frame(case = case, estimate = estimate, standard_error = error))
last <- function(case, fit, term) keep(case, coef(fit)[[term]], sqrt(diag(vcov(fit)))[[term]])

# intention to treat
last("intention", coxph(Surv(time, event) ~ assigned, d), "assigned")
last("intention_adjusted_breslow", coxph(Surv(time, event) ~ x + stage + assigned, d, ties = "breslow"), "assigned")
last("intention_robust", coxph(Surv(time, event) ~ assigned, d, cluster = patient), "assigned")

# per protocol, window of 6 months
window <- 6
kept <- with(d, ifelse(assigned == 1, exposed_from <= window, is.infinite(exposed_from)))
last("protocol_left_out", coxph(Surv(time, event) ~ assigned, d[kept, ]), "assigned")
last("protocol_left_out_adjusted", coxph(Surv(time, event) ~ x + assigned, d[kept, ]), "assigned")
d$left <- with(d, ifelse(assigned == 1, ifelse(exposed_from > window, window, Inf), exposed_from))
d$left[d$left >= d$time] <- Inf
d$stop <- pmin(d$time, d$left); d$died <- ifelse(is.infinite(d$left), d$event, 0)
last("protocol_censored", coxph(Surv(stop, died) ~ assigned, d[d$stop > 0, ]), "assigned")

# as treated
d$ever <- as.integer(is.finite(d$exposed_from))
last("treated_ever", coxph(Surv(time, event) ~ ever, d), "ever")
long <- tmerge(d[, c("patient", "x", "stage")], d, id = patient, dead = event(time, event))
long <- tmerge(long, d[is.finite(d$exposed_from), ], id = patient, op = tdc(exposed_from))
last("treated_over_time", coxph(Surv(tstart, tstop, dead) ~ op, long), "op")
last("treated_over_time_adjusted", coxph(Surv(tstart, tstop, dead) ~ x + stage + op, long), "op")

# censored at leaving the arm, weighted
weighted <- function(case, terms, later = NULL, steps = Inf, stabilised = TRUE, truncate = NULL, prior = FALSE) {
  control <- d[d$assigned == 0, ]; surgery <- d[d$assigned == 1, ]
  control$crossed <- as.integer(is.finite(control$left)); control$begin <- -1
  base <- as.formula(paste("Surv(begin, stop, crossed) ~", paste(terms, collapse = " + ")))
  if (is.null(later)) rows <- control else {  # known from month 3 on
    rows <- survSplit(Surv(begin, stop, crossed) ~ ., control, cut = 3)
    rows[[later]] <- ifelse(rows$begin >= 3, rows[[later]], 0)
  }
  model <- coxph(base, rows)
  if (prior) {  # log-F(1, 1) on each coefficient per standard deviation, as data of its own strata
    sd <- function(v) sqrt(mean((v - mean(v))^2)); more <- NULL
    for (k in terms) for (first in 0:1) {
      two <- data.frame(begin = 0, stop = 1, crossed = c(first, 1 - first)); two[terms] <- 0; two[[k]] <- c(sd(rows[[k]]), 0)
      two$s <- paste(k, first); two$half <- 0.5; more <- rbind(more, two)
    }
    rows$s <- "data"; rows$half <- 1
    rows <- rbind(rows[c("begin", "stop", "crossed", terms, "s", "half")], more)
    shrunken <- coxph(update(base, . ~ . + strata(s)), rows, weights = half)
    rows <- rows[rows$s == "data", ]
    model <- survival::coxph(base, rows, init = coef(shrunken), control = survival::coxph.control(iter.max = 0))
  }
  dates <- sort(unique(control$left[control$crossed == 1])); all <- sort(control$left[control$crossed == 1])
  quantiles <- function(share) all[floor((length(all) - 1) * share) + 1]
  if (length(dates) <= steps) { cuts <- dates; middle <- dates } else {
    cuts <- quantiles((0:(steps - 1) + 0.5) / steps); middle <- quantiles((1:steps) / steps)
    middle <- tapply(middle, cuts, max); cuts <- sort(unique(cuts))
  }
  overall <- summary(survfit(Surv(begin, stop, crossed) ~ 1, control, stype = 2, ctype = 2), times = middle)$surv
  chance <- function(i) {  # of having stayed, after each cut, given the covariates
    rows <- data.frame(begin = -1, stop = 1000, crossed = 0, control[i, terms, drop = FALSE])
    if (!is.null(later)) {
      rows <- rbind(rows, rows); rows$stop[1] <- 3; rows$begin[2] <- 3; rows[[later]][1] <- 0
    }
    rows$subject <- 1
    curve <- survfit(model, newdata = rows, id = subject)
    c(1, curve$surv)[findInterval(middle, c(-2, curve$time - 1))]  # its clock starts with the subject, at -1
  }
  pieces <- list()
  for (i in seq_len(nrow(control))) {
    w <- c(1, (if (stabilised) overall else 1) / chance(i)); edges <- c(-Inf, cuts, Inf)
    low <- pmax(0, edges[-length(edges)]); high <- pmin(control$stop[i], edges[-1]); use <- low < high
    if (any(use)) pieces[[i]] <- data.frame(patient = control$patient[i], assigned = 0, low = low[use], high = high[use], w = w[use],
                              dead = control$died[i] * (high[use] == control$time[i]))
  }
  there <- surgery$time > window; surgery$done <- as.integer(surgery$exposed_from <= window)
  added <- surgery[there, c("done", terms)]; added$w <- 1
  if (prior) for (k in terms) for (sign in c(1, -1)) for (done in 0:1) {
    one <- added[1, ]; one[terms] <- colMeans(surgery[there, terms]); v <- surgery[there, k]
    one[[k]] <- mean(v) + sign * sqrt(mean((v - mean(v))^2)); one$done <- done
    one$w <- ifelse(done == 1, mean(surgery$done[there]), 1 - mean(surgery$done[there])) / 2; added <- rbind(added, one)
  }
  logit <- glm(as.formula(paste("done ~", paste(terms, collapse = " + "))), quasibinomial, added, weights = w, epsilon = 1e-14)
  surgery$chance <- NA; surgery$chance[there] <- fitted(logit)[seq_len(sum(there))]
  after <- (if (stabilised) mean(surgery$done[there]) else 1) / surgery$chance
  first <- with(surgery, data.frame(patient, assigned = 1, low = 0, high = pmin(stop, window), w = 1, dead = died * (time <= window)))
  second <- with(surgery, data.frame(patient, assigned = 1, low = window, high = stop, w = after, dead = died))[surgery$stop > window, ]
  rows <- rbind(do.call(rbind, pieces), first, second)
  if (!is.null(truncate)) rows$w <- pmin(pmax(rows$w, quantile(rows$w, 1 - truncate)), quantile(rows$w, truncate))
  last(case, coxph(Surv(low, high, dead) ~ assigned, rows, weights = w, cluster = patient), "assigned")
}
weighted("weighted", c("x", "stage"))
weighted("weighted_plain", c("x", "stage"), stabilised = FALSE)
weighted("weighted_steps", c("x", "stage"), steps = 5)
weighted("weighted_later", c("x", "response"), later = "response")
weighted("weighted_truncated", c("x", "stage"), stabilised = FALSE, truncate = 0.9)
weighted("weighted_separated", c("x", "rare"), prior = TRUE)
last("weighted_none", coxph(Surv(stop, died) ~ assigned, d[d$stop > 0, ], cluster = patient), "assigned")

# rank-preserving structural failure time model
preserving <- function(case, recensor) {
  closing <- max(d$started + d$time / 12)
  ends <- with(d, ifelse(event == 0, time, pmax(time, pmin(max(time), 12 * (closing - started)))))
  unoperated <- function(psi) {
    before <- pmin(d$time, d$exposed_from); u <- before + exp(psi) * (d$time - before)
    if (!recensor) return(data.frame(u = u, dead = d$event, assigned = d$assigned))
    limit <- ends * min(1, exp(psi))
    data.frame(u = pmin(u, limit), dead = d$event * (u <= limit), assigned = d$assigned)
  }
  z <- function(psi) {
    s <- survdiff(Surv(u, dead) ~ assigned, unoperated(psi)); (s$obs[2] - s$exp[2]) / sqrt(s$var[2, 2])
  }
  root <- function(level) uniroot(function(psi) z(psi) - level, c(-1.2, 3), tol = 1e-10)$root
  psi <- root(0); without <- unoperated(psi)
  both <- with(d, data.frame(assigned, t = ifelse(assigned == 1, time, without$u), e = ifelse(assigned == 1, event, without$dead)))
  fit <- coxph(Surv(t, e) ~ assigned, both)
  keep(case, coef(fit)[[1]], abs(coef(fit)[[1]] / z(0)))
  keep(paste0(case, "_psi_and_z"), psi, z(0)); keep(paste0(case, "_limits"), root(qnorm(0.975)), root(qnorm(0.025)))
}
preserving("preserving", TRUE)
preserving("preserving_not_recensored", FALSE)

# looks
look <- function(case, k, of) {
  on <- d$started + d$time / 12; dates <- sort(on[d$event == 1]); date <- dates[ceiling(length(dates) * k / of)]
  dead <- d$event == 1 & on <= date
  t <- ifelse(dead, d$time, pmin(d$time, 12 * (date - d$started)))
  seen <- data.frame(t, dead, assigned = d$assigned)[t > 0, ]
  s <- survdiff(Surv(t, dead) ~ assigned, seen)
  last(case, coxph(Surv(t, dead) ~ assigned, seen), "assigned")
  keep(paste0(case, "_z_and_deaths"), (s$obs[2] - s$exp[2]) / sqrt(s$var[2, 2]), sum(seen$dead))
}
for (k in 1:3) look(paste0("look_", k, "_of_4"), k, 4)
write.csv(transform(out, estimate = sprintf("%.15g", estimate), standard_error = sprintf("%.15g", standard_error)), "expected.csv", row.names = FALSE, quote = FALSE)

# boundaries
designs <- data.frame()
for (f in list((1:5) / 5, c(0.5, 1), c(0.3, 0.55, 0.8, 1), (1:10) / 10)) for (alpha in c(0.05, 0.01))
  for (kind in c("OF", "P", "asOF", if (alpha == 0.05) "HP")) {
    found <- getDesignGroupSequential(kMax = length(f), alpha = alpha, sided = 2, informationRates = f, typeOfDesign = kind,
                                      constantBoundsHP = 3)
    designs <- rbind(designs, data.frame(kind, alpha, fractions = paste(f, collapse = " "),
      critical = paste(format(found$criticalValues, digits = 10), collapse = " ")))
  }
write.csv(designs, "boundaries.csv", row.names = FALSE, quote = FALSE)
