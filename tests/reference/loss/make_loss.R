# Cox regression with inverse-probability-of-censoring weights: R 4.2.2, survival 3.5-3.
# In either group a Cox model of the time to loss (Efron); the chance of not having been lost just before t given x is
# exp(-H0(t-) exp(x'b)); weights on rows split at every date of loss of the own group; sandwich, one cluster per patient.
#   cd into this folder and run: Rscript make_loss.R
library(survival)
set.seed(20230130)
n <- 160
x0 <- round(rnorm(n), 3); x1 <- as.numeric(runif(n) < 0.4); exposed <- as.numeric(runif(n) < 0.5)
death <- rexp(n) / (0.03 * exp(0.6 * x0 + 0.3 * x1))
lost <- rexp(n) / (0.02 * exp(ifelse(exposed == 1, 0.7, -0.7) * x0 + 0.4 * x1))
time <- pmax(round(pmin(death, lost, 48), 1), 0.1)          # rounded: some times are tied
status <- ifelse(pmin(death, lost) > 48, 0, ifelse(death <= lost, 1, 2))  # 1 died, 2 lost, 0 study ended
time[status == 0] <- 48
patients <- data.frame(time, status, exposed, x0, x1)
write.csv(patients, "patients.csv", row.names = FALSE)

out <- data.frame()
for (stabilised in c(TRUE, FALSE)) {
  rows <- do.call(rbind, lapply(0:1, function(g) {
    own <- subset(patients, exposed == g); own$id <- which(patients$exposed == g)
    model <- coxph(Surv(time, status == 2) ~ x0 + x1, data = own, ties = "efron", eps = 1e-11)
    dates <- sort(unique(own$time[own$status == 2]))
    base <- survfit(model, newdata = data.frame(x0 = mean(own$x0), x1 = mean(own$x1)))
    H0 <- c(0, summary(base, times = dates)$cumhaz)
    risk <- exp(as.matrix(own[, c("x0", "x1")]) %*% coef(model) - sum(coef(model) * colMeans(own[, c("x0", "x1")])))
    km <- survfit(Surv(time, status == 2) ~ 1, data = own, stype = 2, ctype = 2)   # exp(-Fleming-Harrington hazard), Efron-like
    K <- c(1, exp(-summary(km, times = dates)$cumhaz))
    edges <- c(0, dates, Inf)
    do.call(rbind, lapply(seq_len(nrow(own)), function(i) do.call(rbind, lapply(seq_along(edges[-1]), function(j) {
      if (own$time[i] <= edges[j]) return(NULL)
      stop <- min(own$time[i], edges[j + 1])
      data.frame(id = own$id[i], start = edges[j], stop = stop, died = as.numeric(own$status[i] == 1 && stop == own$time[i]),
                 exposed = g, w = (if (stabilised) K[j] else 1) / exp(-H0[j] * risk[i]))
    }))))
  }))
  for (ties in c("efron", "breslow")) {
    fit <- coxph(Surv(start, stop, died) ~ exposed, data = rows, weights = w, cluster = id, ties = ties, eps = 1e-11)
    out <- rbind(out, data.frame(stabilised, ties, coef = coef(fit), robust_se = sqrt(fit$var[1, 1]), largest = max(rows$w)))
  }
}
out <- cbind(out[, 1:2], lapply(out[, 3:5], function(v) sprintf("%.15g", v)))
write.csv(out, "expected.csv", row.names = FALSE, quote = FALSE)
