# Values for tests/methods/test_methods_over_time.py from base R and survival, independent of biasim: person-intervals are
# built patient by patient in plain loops, starting is modelled by glm and coxph, deaths by coxph with weights and clusters.
# Run in this folder: Rscript make_over_time.R. Writes patients.csv (the data) and expected.csv (case, estimate, standard_error).
# x is known from time zero, responded and marker from month 3; `started` is the start of exposure, empty when never.
library(survival)
set.seed(20230131)
n <- 160
x <- round(rnorm(n), 4); responded <- rbinom(n, 1, 0.4); marker <- round(rnorm(n) + responded, 4)
begin <- round(ifelse(runif(n) < 0.35, rexp(n, 0.3), 3 + rexp(n, 0.06 * exp(0.8 * responded - 0.4 * x))), 3)
begin[1:3] <- c(0, 2, 3)                                  # at time zero, at the edge of an interval, at the evaluation
begin <- ifelse(begin < 14, begin + ifelse(duplicated(begin), 1e-3 * seq_len(n) / n, 0), Inf)
time <- ceiling(10 * pmin(rexp(n, 0.03 * exp(0.4 * x - 0.5 * responded)), runif(n, 10, 60))) / 10 + 0.1   # ties among deaths
time[1:3] <- c(20, 15.5, 9)
event <- as.integer(runif(n) < 0.75)
entry <- ifelse(runif(n) < 0.25, round(runif(n, 0, 6), 2), 0); entry[1:3] <- 0
d <- data.frame(x, responded, marker, entry, time, event, started = begin)
d <- d[d$time > d$entry + 0.05, ]; d$patient <- seq_len(nrow(d)) - 1
d$started[d$started >= d$time] <- Inf
write.csv(d, "patients.csv", row.names = FALSE, quote = FALSE)
known <- c(x = 0, responded = 3, marker = 3); covariates <- names(known)
as_known <- function(i, month, columns) ifelse(known[columns] <= month, unlist(d[i, columns]), 0)

out <- data.frame()
put <- function(case, estimate, se) out <<- rbind(out, data.frame(case = case, estimate = sprintf("%.15g", estimate),
                                                                  standard_error = sprintf("%.15g", se)))
tight <- coxph.control(eps = 1e-14, iter.max = 60, toler.chol = 1e-15)

last <- max(d$started[is.finite(d$started)])
grid <- function(width) sort(unique(c(width * 0:(floor(last / width) + 1), 3)))  # 3 is below the last edge here

intervals <- function(edges) {
  ends <- c(edges[-1], Inf); rows <- list()
  for (i in seq_len(nrow(d))) for (k in seq_along(edges)) {
    if (edges[k] < d$time[i] && d$started[i] >= edges[k]) {
      stop <- min(d$started[i], d$time[i], ends[k])
      rows[[length(rows) + 1]] <- c(i = i, k = k, begins = d$started[i] < ends[k], seen = d$entry[i] == 0 || stop > d$entry[i],
                                    as_known(i, edges[k], covariates))
    }
  }
  as.data.frame(do.call(rbind, rows))
}

spline <- function(t) {  # restricted cubic, five knots, Harrell's form
  kn <- quantile(d$started[is.finite(d$started)], c(0.05, 0.275, 0.5, 0.725, 0.95)); m <- length(kn)
  p <- function(v) pmax(v, 0)^3
  sapply(seq_len(m - 2), function(j) (p(t - kn[j]) - p(t - kn[m - 1]) * (kn[m] - kn[j]) / (kn[m] - kn[m - 1]) +
                                        p(t - kn[m]) * (kn[m - 1] - kn[j]) / (kn[m] - kn[m - 1])) / (kn[m] - kn[1])^2)
}

# log(1 - p) and log p of every person-interval
by_logistic <- function(r, edges, columns) {
  middle <- (edges + c(edges[-1], max(edges))) / 2
  r$t <- middle[r$k]; r$late <- as.numeric(edges[r$k] >= 3)
  open <- range(r$k[r$begins == 1 & r$seen == 1]); inside <- r$k >= open[1] & r$k <= open[2]
  month <- scale(cbind(t = r$t, spline(r$t), late = r$late)); month[is.nan(month)] <- 0
  q <- qr(cbind(1, month[inside & r$seen == 1, ]), tol = 1e-9)  # glm with a small epsilon would keep dependent columns
  month <- month[, setdiff(q$pivot[seq_len(q$rank)], 1) - 1, drop = FALSE]
  m <- as.data.frame(cbind(month, as.matrix(r[, columns, drop = FALSE])))
  names(m) <- paste0("v", seq_along(m)); m$y <- r$begins
  fit <- glm(y ~ ., binomial, data = m[inside & r$seen == 1, ], control = list(epsilon = 1e-14, maxit = 100))
  p <- rep(0, nrow(r)); p[inside] <- suppressWarnings(predict(fit, m[inside, ], type = "response"))
  list(stay = log(1 - p), begin = log(p))
}
by_cox <- function(r, edges, columns) {
  late <- 2.9999; rows <- list()
  for (i in seq_len(nrow(d))) {
    from <- if (d$entry[i] > 0) d$entry[i] else -1; stop <- min(d$started[i], d$time[i]); y <- is.finite(d$started[i])
    if (from >= stop) next
    if (from < late && stop > late) {
      rows[[length(rows) + 1]] <- c(from, late, 0, as_known(i, 0, covariates))
      rows[[length(rows) + 1]] <- c(late, stop, y, as_known(i, 3, covariates))
    } else rows[[length(rows) + 1]] <- c(from, stop, y, as_known(i, if (from >= late) 3 else 0, covariates))
  }
  s <- as.data.frame(do.call(rbind, rows)); names(s) <- c("from", "stop", "y", covariates)
  beta <- rep(0, 3); names(beta) <- covariates
  if (length(columns)) {
    f <- coxph(as.formula(paste("Surv(from, stop, y) ~", paste(columns, collapse = "+"))), data = s, control = tight)
    beta[columns] <- coef(f)
  }
  risk <- exp(as.matrix(s[, covariates]) %*% beta); hazard <- rep(0, length(edges))
  for (u in s$stop[s$y == 1]) {
    k <- max(which(edges <= u)); hazard[k] <- hazard[k] + 1 / sum(risk[s$from < u & s$stop >= u])
  }
  h <- hazard[r$k] * exp(as.matrix(r[, covariates]) %*% beta)[, 1]
  list(stay = -h, begin = log(1 - exp(-h)))
}

# rows at risk of death with their weights
msm <- function(case, model, width, columns = covariates, stabilised = TRUE, truncate = NULL) {
  edges <- grid(width); ends <- c(edges[-1], Inf); r <- intervals(edges)
  den <- model(r, edges, columns); num <- if (stabilised) model(r, edges, character()) else list(stay = 0 * den$stay, begin = 0 * den$begin)
  rows <- list()
  for (i in unique(r$i)) {
    mine <- which(r$i == i); w <- 0
    for (j in mine) {
      stay <- num$stay[j] - den$stay[j]; k <- r$k[j]
      from <- max(d$entry[i], edges[k]); stop <- min(d$started[i], d$time[i], ends[k])
      if (from < stop) rows[[length(rows) + 1]] <- c(i, from, stop, stop == d$time[i] & d$event[i], 0, exp(w + stay / 2))
      if (r$begins[j] == 1) {
        ratio <- if (is.finite(den$begin[j])) num$begin[j] - den$begin[j] else 0
        rows[[length(rows) + 1]] <- c(i, max(d$entry[i], d$started[i]), d$time[i], d$event[i], 1, exp(w + ratio))
      }
      w <- w + stay
    }
  }
  l <- as.data.frame(do.call(rbind, rows)); names(l) <- c("i", "from", "stop", "died", "on", "w")
  if (!is.null(truncate)) l$w <- pmin(pmax(l$w, quantile(l$w, 1 - truncate)), quantile(l$w, truncate))
  f <- coxph(Surv(from, stop, died) ~ on + cluster(i), data = l, weights = w, robust = TRUE, control = tight)
  put(case, coef(f), summary(f)$coefficients[1, "robust se"])
  put(paste0(case, "_weights"), mean(l$w), max(l$w))
}
msm("msm_logistic_2", by_logistic, 2); msm("msm_cox_2", by_cox, 2)
msm("msm_logistic_5", by_logistic, 5); msm("msm_cox_1", by_cox, 1)
msm("msm_logistic_x", by_logistic, 2, "x"); msm("msm_cox_x", by_cox, 2, "x")
msm("msm_logistic_unstabilised", by_logistic, 2, stabilised = FALSE); msm("msm_cox_unstabilised", by_cox, 2, stabilised = FALSE)
msm("msm_logistic_truncated", by_logistic, 2, truncate = 0.95)

trials <- function(case, width, to, later, columns = covariates, ties = "efron", truncate = NULL) {
  edges <- grid(width); ends <- c(edges[-1], Inf); r <- intervals(edges); rows <- list()
  for (m in which(edges <= to & seq_along(edges) < length(edges))) {
    held <- columns[known[columns] <= edges[m]]
    log_stay <- rep(0, nrow(r))
    if (later == "weighted" && length(held) < 3)
      log_stay <- by_logistic(r, edges, held)$stay - by_logistic(r, edges, covariates)$stay
    for (i in unique(r$i[r$k == m])) {
      z <- as_known(i, edges[m], covariates); w <- 0
      starts_here <- d$started[i] < ends[m]
      for (j in which(r$i == i & r$k >= m)) {
        k <- r$k[j]; from <- max(d$entry[i], edges[k])
        stop <- min(d$time[i], ends[k]); if (later != "ignored" || starts_here) stop <- min(stop, d$started[i])
        half <- if (k > m) w + log_stay[j] / 2 else 0
        if (from < stop) rows[[length(rows) + 1]] <- c(i, m, from, stop, stop == d$time[i] & d$event[i], 0, exp(half), z)
        if (k > m) w <- w + log_stay[j]
      }
      if (later == "ignored" && !starts_here && is.finite(d$started[i])) {   # goes on as unexposed
        from <- max(d$entry[i], min(ends[max(r$k[r$i == i])], d$time[i]))
        if (from < d$time[i]) rows[[length(rows) + 1]] <- c(i, m, from, d$time[i], d$event[i], 0, 1, z)
      }
      if (starts_here) rows[[length(rows) + 1]] <- c(i, m, max(d$entry[i], d$started[i]), d$time[i], d$event[i], 1, 1, z)
    }
  }
  l <- as.data.frame(do.call(rbind, rows)); names(l) <- c("i", "trial", "from", "stop", "died", "on", "w", covariates)
  if (!is.null(truncate)) {
    l$w <- pmin(pmax(l$w, quantile(l$w, 1 - truncate)), quantile(l$w, truncate))
  }
  f <- coxph(as.formula(paste("Surv(from, stop, died) ~", paste(c(columns, "on"), collapse = "+"), "+ strata(trial) + cluster(i)")),
             data = l, weights = w, robust = TRUE, ties = ties, control = tight)
  s <- summary(f)$coefficients; put(case, coef(f)["on"], s["on", "robust se"])
}
trials("trials_censored", 3, 12, "censored"); trials("trials_weighted", 3, 12, "weighted")
trials("trials_ignored", 3, 12, "ignored"); trials("trials_weighted_x", 2, 8, "weighted", "x")
trials("trials_weighted_crude", 3, 12, "weighted", character()); trials("trials_censored_breslow", 1, 5, "censored", "x", "breslow")
trials("trials_truncated", 3, 12, "weighted", character(), truncate = 0.95)

l <- list()
for (i in seq_len(nrow(d))) {
  at <- sort(unique(c(d$entry[i], d$time[i], d$started[i], 3))); at <- at[at >= d$entry[i] & at <= d$time[i]]
  for (j in seq_len(length(at) - 1))
    l[[length(l) + 1]] <- c(i, at[j], at[j + 1], at[j + 1] == d$time[i] & d$event[i], d$started[i] <= at[j], as_known(i, at[j], covariates))
}
l <- as.data.frame(do.call(rbind, l)); names(l) <- c("i", "from", "stop", "died", "on", covariates)
f <- coxph(Surv(from, stop, died) ~ x + responded + marker + on, data = l, control = tight)
put("time_dependent_when_known", coef(f)["on"], summary(f)$coefficients["on", "se(coef)"])
f <- coxph(Surv(from, stop, died) ~ responded + on + cluster(i), data = l, control = tight)
put("time_dependent_when_known_robust", coef(f)["on"], summary(f)$coefficients["on", "robust se"])
write.csv(out, "expected.csv", row.names = FALSE, quote = FALSE)
