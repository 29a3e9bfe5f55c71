# Values for tests/methods from R's survival (3.5-3), independent of biasim: base R logistic regression, a plain greedy
# matcher written out below, coxph, survfit, survdiff. Run in this folder: Rscript make_methods.R
# Writes patients.csv (the data) and expected.csv (case, estimate, standard_error).
library(survival)
set.seed(20230130)
n <- 220
age <- round(rnorm(n), 6); stage <- rbinom(n, 1, 0.4); marker <- round(rnorm(n) + 0.5 * stage, 6)
exposed <- rbinom(n, 1, plogis(-0.6 + 0.5 * age - 0.6 * stage + 0.3 * marker))
death <- rexp(n, 0.03 * exp(0.4 * age + 0.5 * stage - 0.3 * exposed))
lost <- runif(n, 5, 90)
entry <- ifelse(runif(n) < 0.4, round(runif(n, 0, 9), 3), 0)
time <- ceiling(pmin(death, lost))                     # whole months: ties
event <- as.integer(death <= lost)
started <- ifelse(exposed == 1, round(runif(n, 0, 12), 2), NA)
d <- data.frame(patient = seq_len(n) - 1, age, stage, marker, exposed, entry, time, event, started)
d <- d[d$time > d$entry & (is.na(d$started) | d$started < d$time), ]
write.csv(d, "patients.csv", row.names = FALSE, na = "inf")

out <- data.frame()
put <- function(case, estimate, se) {
  out <<- rbind(out, data.frame(case = case, estimate = sprintf("%.15g", estimate), standard_error = sprintf("%.15g", se)))
}
tight <- coxph.control(eps = 1e-14, iter.max = 60, toler.chol = 1e-15)
last <- function(f, robust = FALSE) {
  k <- length(coef(f)); s <- summary(f)$coefficients
  c(coef(f)[k], if (robust) s[k, "robust se"] else s[k, "se(coef)"])
}
cox <- function(case, formula, ..., robust = FALSE) {
  f <- coxph(formula, ..., control = tight); v <- last(f, robust); put(case, v[1], v[2]); invisible(f)
}
late <- Surv(d$entry, d$time, d$event); plain <- Surv(d$time, d$event)
for (ties in c("efron", "breslow")) {
  cox(paste0("cox_", ties), late ~ exposed, data = d, ties = ties)
  cox(paste0("cox_adjusted_", ties), late ~ age + stage + marker + exposed, data = d, ties = ties)
}
cox("cox_robust", late ~ age + stage + marker + exposed + cluster(patient), data = d, robust = TRUE)
cox("cox_strata", late ~ age + marker + strata(stage) + exposed, data = d)
cox("cox_no_entry", plain ~ exposed, data = d)

s <- d; s$started[is.na(s$started)] <- Inf
first <- s; first$stop <- pmin(pmax(s$started, s$entry), s$time); first$start <- s$entry
split <- s$started > s$entry & s$started < s$time
first$stop <- ifelse(split, s$started, s$time); first$on <- as.integer(s$started <= s$entry)
first$died <- ifelse(split, 0, s$event)
second <- s[split, ]; second$start <- second$started; second$stop <- second$time; second$on <- 1; second$died <- second$event
cols <- c("patient", "age", "stage", "marker", "start", "stop", "died", "on")
long <- rbind(first[, cols], second[, cols])
cox("time_dependent", Surv(start, stop, died) ~ on, data = long)
cox("time_dependent_adjusted_robust", Surv(start, stop, died) ~ age + stage + marker + on + cluster(patient), data = long,
    robust = TRUE)
l <- s[s$time > 6, ]; l$on <- as.integer(l$started <= 6)
cox("landmark_6", Surv(pmax(entry - 6, 0), time - 6, event) ~ on, data = l)
cox("landmark_6_adjusted", Surv(pmax(entry - 6, 0), time - 6, event) ~ age + stage + marker + on, data = l)

g <- glm(exposed ~ age + stage + marker, binomial, data = d, control = list(epsilon = 1e-15, maxit = 60))
p <- fitted(g); logit <- predict(g); e <- d$exposed == 1
weighted <- function(case, w) {
  f <- coxph(late ~ exposed + cluster(patient), data = d, weights = w, robust = TRUE, control = tight)
  v <- last(f, TRUE); put(case, v[1], v[2])
}
weighted("weighted_ate", ifelse(e, 1 / p, 1 / (1 - p)))
weighted("weighted_ate_stabilised", ifelse(e, mean(e) / p, mean(!e) / (1 - p)))
weighted("weighted_att", ifelse(e, 1, p / (1 - p)))
weighted("weighted_overlap", ifelse(e, 1 - p, p))

match_sets <- function(ratio, width, replace) {
  turn <- which(e)[order(-logit[e], seq_len(sum(e)))]
  free <- !e; links <- NULL
  rounds <- if (replace) 1 else ratio
  for (r in seq_len(rounds)) for (i in turn) {
    for (j in seq_len(if (replace) ratio else 1)) {
      used <- links[links[, 1] == i, 2]
      can <- setdiff(which(if (replace) !e else free), used)
      if (!length(can)) next
      distance <- abs(logit[can] - logit[i])
      if (min(distance) > width) next
      best <- can[which.min(distance)]
      links <- rbind(links, c(i, best)); if (!replace) free[best] <- FALSE
    }
  }
  links
}
matched <- function(case, ratio, replace) {
  links <- match_sets(ratio, 0.2 * sd(logit), replace)
  heads <- unique(links[, 1]); k <- table(factor(links[, 1], heads))
  rows <- c(heads, links[, 2]); set <- c(heads, links[, 1]); w <- c(rep(1, length(heads)), 1 / k[as.character(links[, 1])])
  m <- d[rows, ]; m$set <- set; m$person <- rows; m$w <- as.numeric(w)
  f <- coxph(Surv(entry, time, event) ~ exposed + cluster(set), data = m, weights = w, robust = TRUE, control = tight)
  v <- last(f, TRUE)
  if (replace) {
    r <- residuals(f, type = "dfbeta", weighted = TRUE)
    by <- function(g) sum(tapply(r, g, sum)^2)
    v[2] <- sqrt(by(m$set) + by(m$person) - by(seq_len(nrow(m))))
  }
  put(case, v[1], v[2]); put(paste0(case, "_matched_and_controls"), length(heads), length(unique(links[, 2])))
}
matched("matched_1", 1, FALSE); matched("matched_2", 2, FALSE)
matched("matched_1_replace", 1, TRUE); matched("matched_2_replace", 2, TRUE)

km <- survfit(Surv(entry, time, event) ~ exposed, data = d, timefix = TRUE)
at <- summary(km, times = 24)
put("kaplan_meier_24", at$surv[2] - at$surv[1], sqrt(sum(at$std.err^2)))
rm <- summary(km, rmean = 36)$table
put("rmst_36", rm[2, "rmean"] - rm[1, "rmean"], sqrt(sum(rm[, "se(rmean)"]^2)))
put("medians_exposed_unexposed", rm[2, "median"], rm[1, "median"])
lr <- survdiff(plain ~ exposed, data = d); put("log_rank_no_entry", lr$chisq, 1 - pchisq(lr$chisq, 1))
write.csv(out, "expected.csv", row.names = FALSE, quote = FALSE)
