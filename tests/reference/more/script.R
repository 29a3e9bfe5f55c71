# Makes the data and the values of this folder: Rscript script.R, in this folder.
# R 4.2.2, survival 3.5-3, jsonlite. Convergence is set tight so that coefficients are exact to rounding.
library(survival)
library(jsonlite)
control <- coxph.control(eps = 1e-13, iter.max = 100)
write <- function(data, name) write.csv(format(data, digits = 17, trim = TRUE), paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
cases <- list()

add <- function(id, name, x, ties, entry = FALSE, weights = NULL, strata = NULL, cluster = NULL, robust = FALSE) {
  data <- read.csv(paste0(name, ".csv"))
  right <- paste(c(x, if (!is.null(strata)) paste0("strata(", strata, ")")), collapse = " + ")
  left <- if (entry) "Surv(entry, time, event)" else "Surv(time, event)"
  call <- list(as.formula(paste(left, "~", right)), data = data, ties = ties, control = control)
  if (!is.null(weights)) call$weights <- data[[weights]]
  if (!is.null(cluster)) call$cluster <- data[[cluster]]
  if (robust) call$cluster <- seq_len(nrow(data))
  fit <- do.call(coxph, call)
  sandwich <- robust || !is.null(cluster)
  model <- if (sandwich) fit$naive.var else fit$var
  se <- function(v) { s <- sqrt(diag(as.matrix(v))); s[is.na(fit$coefficients)] <- NA; s }
  cases[[length(cases) + 1]] <<- list(
    id = id, file = paste0(name, ".csv"), x = x, entry = entry, ties = ties, weights = weights, strata = strata,
    cluster = cluster, robust = sandwich, coef = unname(fit$coefficients), se_model = se(model),
    se_robust = if (sandwich) se(fit$var), loglik_null = fit$loglik[1], loglik = tail(fit$loglik, 1), score_test = fit$score)
}

set.seed(20230130)

# Monthly times, so many ties; entry times that equal death times; clusters that span strata; an income in dollars.
n <- 120
exposed <- rbinom(n, 1, 0.4); age <- round(rnorm(n, 60, 12), 1); income <- round(exp(rnorm(n, 10.5, 1)), 2)
time <- ceiling(rexp(n, exp(0.4 * exposed + 0.03 * (age - 60)) / 18))
entry <- ifelse(runif(n) < 0.5, 0, pmax(0, time - sample(1:20, n, TRUE)))
mixed <- data.frame(entry, time, event = rbinom(n, 1, 0.7), exposed, age, income, twice = 2 * exposed + age,
                    centre = sample(letters[1:4], n, TRUE), person = sample(1:50, n, TRUE),
                    weight = round(rexp(n) + 0.01, 3))
mixed$level <- match(mixed$centre, letters)
write(mixed, "mixed")
x <- c("exposed", "age", "income")
for (ties in c("efron", "breslow")) for (entry in c(FALSE, TRUE)) {
  tag <- paste0(ties, if (entry) "_entry")
  add(paste0("mixed_", tag), "mixed", x, ties, entry)
  add(paste0("mixed_robust_", tag), "mixed", x, ties, entry, robust = TRUE)
  add(paste0("mixed_weights_robust_", tag), "mixed", x, ties, entry, "weight", robust = TRUE)
  add(paste0("mixed_strata_cluster_", tag), "mixed", x, ties, entry, strata = "centre", cluster = "person")
  add(paste0("mixed_all_", tag), "mixed", x, ties, entry, "weight", "centre", "person")
  add(paste0("mixed_aliased_", tag), "mixed", c("exposed", "age", "twice", "income"), ties, entry, "weight", cluster = "person")
  add(paste0("mixed_level_in_strata_", tag), "mixed", c("level", "age"), ties, entry, "weight", "centre", "person")
}

# Linear predictors that span more than 30.
n <- 150
x1 <- rnorm(n); x2 <- rnorm(n); x3 <- rexp(n)^3
steep <- data.frame(time = 1 + log1p(1000 * rexp(n, exp(4 * x1 - 3 * x2 + 0.3 * x3))), event = rbinom(n, 1, 0.8), x1, x2, x3)
steep$entry <- ifelse(steep$time > median(steep$time) & runif(n) < 0.6, median(steep$time) * runif(n), 0)
write(steep, "steep")
for (entry in c(FALSE, TRUE)) add(paste0("steep", if (entry) "_entry"), "steep", c("x1", "x2", "x3"), "efron", entry, robust = TRUE)

# Times equal but for rounding, as sums and multiples of 0.1 are.
k <- sample(1:15, 60, TRUE)
rounding <- data.frame(time = ifelse(runif(60) < 0.5, k * 0.1, cumsum(rep(0.1, 15))[k]), event = rbinom(60, 1, 0.8),
                       x = rnorm(60), z = rbinom(60, 1, 0.5))
rounding$entry <- ifelse(runif(60) < 0.4 & k > 3, cumsum(rep(0.1, 15))[pmax(k - 3, 1)], 0)
write(rounding, "rounding")
for (entry in c(FALSE, TRUE)) for (ties in c("efron", "breslow"))
  add(paste0("rounding_", ties, if (entry) "_entry"), "rounding", c("x", "z"), ties, entry, robust = TRUE)

# Times so small, then so large, that the tolerance for ties matters.
scales <- data.frame(event = rbinom(40, 1, 0.8), x = rnorm(40), entry = 0, base = rexp(40))
for (scale in c(1e-7, 1e9)) {
  scales$time <- scales$base * scale
  name <- if (scale < 1) "small_times" else "large_times"
  write(scales, name)
  add(name, name, "x", "efron", robust = TRUE)
}

# Age as the time scale: late entry, few at risk at first, steep hazard, negative times after centring.
n <- 200
enter <- runif(n, 20, 90); stay <- rexp(n, exp((enter - 60) / 12) / 40)
aged <- data.frame(entry = enter - 60, time = enter + pmin(stay, 15) - 60, event = as.integer(stay < 15), x = rnorm(n),
                   exposed = rbinom(n, 1, 0.5), weight = 10^runif(n, -3, 3), site = sample(1:60, n, TRUE))
write(aged, "aged")
for (ties in c("efron", "breslow")) {
  add(paste0("aged_", ties), "aged", c("x", "exposed"), ties, TRUE, robust = TRUE)
  add(paste0("aged_weights_", ties), "aged", c("x", "exposed"), ties, TRUE, "weight", robust = TRUE)
  add(paste0("aged_site_", ties), "aged", c("x", "exposed"), ties, TRUE, strata = "site", cluster = "site")
}

# One patient in several rows: person-time split where the exposure begins; pairs as strata.
n <- 90
switch <- rexp(n, 1 / 10); end <- rexp(n, 1 / 15); dead <- rbinom(n, 1, 0.75); risk <- rnorm(n); late <- switch < end
split <- rbind(data.frame(person = 1:n, entry = 0, time = ifelse(late, switch, end), event = ifelse(late, 0, dead), exposed = 0, risk),
               data.frame(person = 1:n, entry = switch, time = end, event = dead, exposed = 1, risk)[late, ])
split$pair <- (split$person + 1) %/% 2
write(split, "split")
for (ties in c("efron", "breslow")) {
  add(paste0("split_", ties), "split", c("exposed", "risk"), ties, TRUE, cluster = "person")
  add(paste0("split_pairs_", ties), "split", c("exposed", "risk"), ties, TRUE, strata = "pair", cluster = "pair")
}

cat(toJSON(cases, auto_unbox = TRUE, digits = NA, na = "null", null = "null", pretty = TRUE), file = "cases.json")
