# Values for augmented_weighted, R 4.2.2 with survival 3.5 and riskRegression 2022.11.28 (Debian).
# Rscript make_augmented.R, in this folder: writes patients.csv, patients_600.csv and augmented.csv.
#
# The estimator is written out patient by patient, from coxph, survfit and glm: no code, grid or recursion is shared with the
# package. `ate` rows are those of riskRegression::ate(estimator = "AIPTW"), another program with other conventions: losses by
# exp(-Nelson-Aalen) instead of Kaplan-Meier, and an error that knows that the models are estimated. They agree to what that matters.
suppressMessages({library(survival); library(riskRegression)})
options(digits = 15)
set.seed(20231)
n <- 160
x1 <- rnorm(n); x2 <- rbinom(n, 1, 0.4); x3 <- rnorm(n)
exposed <- rbinom(n, 1, plogis(-0.3 + 0.7 * x1 - 0.5 * x2))
death <- rexp(n, 0.03 * exp(0.6 * x1 + 0.4 * x2 - 0.3 * exposed))
lost <- pmin(rexp(n, 0.012 * exp(0.5 * x3)), 90)
d <- data.frame(time = round(pmin(death, lost), 6), event = as.integer(death <= lost), exposed, x1 = round(x1, 6), x2, x3 = round(x3, 6))
d$month <- ceiling(d$time / 2) * 2  # ties of deaths with deaths and with losses
write.csv(d, "patients.csv", row.names = FALSE)

vars <- c("x1", "x2", "x3")
one <- function(d, t, restricted, outcome, score, losses) {
  ps <- glm(reformulate(score, "exposed"), binomial, d, control = list(epsilon = 1e-14, maxit = 50))
  p <- fitted(ps)
  parts <- lapply(c(1, 0), function(a) {
    arm <- d[d$exposed == a, ]
    own <- ifelse(d$exposed == a, if (a == 1) 1 / p else 1 / (1 - p), 0)
    arm$T <- pmin(arm$time, t); arm$D <- as.integer(arm$event == 1 & arm$time <= t); arm$L <- as.integer(arm$event == 0 & arm$time < t)
    fit <- coxph(reformulate(outcome, "Surv(T, D)"), arm, control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 60))
    # curves of every patient: survfit's Efron curve, exp(-cumulative hazard)
    curve <- survfit(fit, newdata = d, se.fit = FALSE)
    jump <- which(curve$n.event > 0)
    u <- curve$time[jump]; S <- curve$surv[jump, , drop = FALSE]
    arm$T2 <- 2 * match(arm$T, sort(unique(arm$T))) + arm$L  # a loss follows the deaths of its time
    at <- 2 * match(u, sort(unique(arm$T)))
    if (losses == "kaplan_meier") {
      km <- survfit(Surv(T2, L) ~ 1, arm)
      G <- function(place, i) c(1, km$surv)[1 + findInterval(place, km$time, left.open = TRUE)]
    } else {
      cl <- coxph(reformulate(outcome, "Surv(T2, L)"), arm, control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 60))
      kc <- survfit(cl, newdata = d, se.fit = FALSE)
      G <- function(place, i) c(1, kc$surv[, i])[1 + findInterval(place, kc$time, left.open = TRUE)]
    }
    index <- which(d$exposed == a)
    values <- numeric(nrow(d))
    for (i in seq_len(nrow(d))) {
      s <- S[, i]; before <- c(1, s[-length(s)])
      area <- function(from) { # integral of S_i from `from` to t
        cuts <- c(from, u[u > from], t); levels <- c(c(1, s)[1 + findInterval(from, u)], s[u > from]); sum(diff(cuts) * levels)
      }
      whole <- if (restricted) area(0) else s[length(s)]
      values[i] <- whole
      if (d$exposed[i] == a) {
        j <- match(i, index)
        rest <- if (restricted) sapply(u, area) else rep(whole, length(u))
        seen <- u <= arm$T[j]
        comp <- sum((rest * (1 / s - 1 / before) / G(at, i))[seen])
        term <- if (arm$D[j] == 1) { k <- match(arm$T[j], u); rest[k] / s[k] / G(arm$T2[j], i) } else 0
        values[i] <- whole - own[i] * (term - comp)
      }
    }
    values
  })
  difference <- parts[[1]] - parts[[2]]
  c(mean(parts[[1]]), mean(parts[[2]]), mean(difference), sd(difference) / sqrt(nrow(d)))
}

rows <- NULL
for (ties in c(FALSE, TRUE)) for (restricted in c(FALSE, TRUE)) for (losses in c("kaplan_meier", "cox")) for (k in 1:2) {
  e <- d; if (ties) e$time <- e$month
  t <- if (restricted) 48 else 30
  outcome <- if (k == 1) vars else c("x1", "x3"); score <- if (k == 1) vars else c("x2")
  r <- one(e, t, restricted, outcome, score, losses)
  rows <- rbind(rows, data.frame(program = "written_out", ties, restricted, losses, month = t, outcome = paste(outcome, collapse = " "),
    using = paste(score, collapse = " "), exposed = r[1], unexposed = r[2], estimate = r[3], standard_error = r[4]))
}
# A larger sample for `ate`, cut at the month; its Cox model has one coefficient per covariate and arm. No two times are equal
# before the month: with two losses at one time `ate` moves by 4 % of its error, where this estimator does not.
set.seed(20232)
n <- 600
x1 <- round(rnorm(n), 3); x2 <- rbinom(n, 1, 0.4); x3 <- round(rnorm(n), 3)
exposed <- rbinom(n, 1, plogis(-0.3 + 0.7 * x1 - 0.5 * x2))
death <- rexp(n, 0.03 * exp(0.6 * x1 + 0.4 * x2 - 0.3 * exposed)); lost <- pmin(rexp(n, 0.012), 90)
d <- data.frame(time = round(pmin(death, lost), 6), event = as.integer(death <= lost), exposed, x1, x2, x3)
write.csv(d, "patients_600.csv", row.names = FALSE)
for (k in 1:2) {
  score <- list(vars, "x2")[[k]]
  e <- d; e$A <- factor(e$exposed); e$event <- as.integer(e$event == 1 & e$time <= 30)
  e$time <- pmin(e$time, 30.001); e$status <- e$event
  out <- coxph(Surv(time, status) ~ strata(A) + x1 + x2 + x3 + x1:A + x2:A + x3:A, e, x = TRUE, y = TRUE)
  r <- ate(out, treatment = glm(reformulate(score, "A"), binomial, e), censor = coxph(Surv(time, status == 0) ~ strata(A), e, x = TRUE, y = TRUE),
    data = e, times = 30, cause = 1, estimator = "AIPTW", verbose = FALSE)
  m <- r$meanRisk
  rows <- rbind(rows, data.frame(program = "ate", ties = FALSE, restricted = FALSE, losses = "kaplan_meier", month = 30, outcome = "x1 x2 x3",
    using = paste(score, collapse = " "), exposed = 1 - m$estimate[m$treatment == 1], unexposed = 1 - m$estimate[m$treatment == 0],
    estimate = -r$diffRisk$estimate, standard_error = r$diffRisk$se))
}
text <- rows
for (column in c("exposed", "unexposed", "estimate", "standard_error")) text[[column]] <- sprintf("%.14g", rows[[column]])
write.csv(text, "augmented.csv", row.names = FALSE, quote = FALSE)
