# Values for tests/methods/test_methods_on_purpose.py from R's survival (3.5-3), independent of biasim: every analysis is
# written out by hand on the patients of ../methods. Run in this folder: Rscript make_on_purpose.R
# Writes patients.csv (the data, with margins and an incomplete marker) and expected.csv (case, estimate, standard_error, rows, deaths).
library(survival)
d <- read.csv("../methods/patients.csv")
set.seed(20261124)
d$margins <- ifelse(d$exposed == 1, rbinom(nrow(d), 1, plogis(1 - d$marker)), 0)
d$marker_seen <- ifelse(runif(nrow(d)) < plogis(-1.2 + 0.5 * d$stage), NA, d$marker)
write.csv(d[, c("patient", "age", "stage", "marker", "exposed", "entry", "time", "event", "started", "margins", "marker_seen")],
          "patients.csv", row.names = FALSE, na = "nan")

out <- data.frame()
tight <- coxph.control(eps = 1e-14, iter.max = 60, toler.chol = 1e-15)
put <- function(case, formula, data, term, robust = FALSE, ...) {
  f <- coxph(formula, data = data, control = tight, ...)
  s <- summary(f)$coefficients[term, ]
  out <<- rbind(out, data.frame(
    case = case, estimate = sprintf("%.15g", s["coef"]),
    standard_error = sprintf("%.15g", s[if (robust) "robust se" else "se(coef)"]), rows = f$n, deaths = f$nevent
  ))
}
all3 <- "age + stage + marker"
both <- function(case, left, right, data, ...) {
  put(case, as.formula(paste(left, "~", right)), data, right, ...)
  put(paste0(case, "_adjusted"), as.formula(paste(left, "~", all3, "+", right)), data, right, ...)
  put(paste0(case, "_breslow"), as.formula(paste(left, "~", right)), data, right, ties = "breslow", ...)
}
late <- "Surv(entry, time, event)"

both("ever", late, "exposed", d)
for (m in c(6, 12)) both(paste0("early_", m), late, "exposed", d[!(d$event == 1 & d$time <= m), ])

x <- d; is <- is.finite(x$started)
x$from <- ifelse(is, pmax(x$started, x$entry), x$entry)
both("excluded_from_time_zero", "Surv(from, time, event)", "exposed", x)
x$zero <- ifelse(is, x$started, 0)
both("excluded_from_exposure", "Surv(from - zero, time - zero, event)", "exposed", x)

put("adjusted_margins", Surv(entry, time, event) ~ age + stage + marker + margins + exposed, d, "exposed")
put("adjusted_margins_alone", Surv(entry, time, event) ~ margins + exposed, d, "exposed")
both("restricted", late, "exposed", d[d$exposed == 0 | d$margins == 1, ])

put("complete", Surv(entry, time, event) ~ age + stage + marker_seen + exposed, d, "exposed")  # na.omit is the default
put("complete_breslow", Surv(entry, time, event) ~ age + stage + marker_seen + exposed, d, "exposed", ties = "breslow")
put("complete_age", Surv(entry, time, event) ~ age + exposed, d, "exposed")

# exposure over time by tmerge, with exposure after the window taken out or made the end
window <- function(w, later) {
  e <- d; after <- is.finite(e$started) & e$started > w
  if (later == "censored") {
    e$event <- ifelse(after, 0, e$event); e$time <- ifelse(after, e$started, e$time)
    keep <- e$time > e$entry; e <- e[keep, ]; after <- after[keep]
  }
  e$tx <- ifelse(after | !is.finite(e$started), NA, e$started)
  e$id <- seq_len(nrow(e))
  long <- tmerge(e, e, id = id, tstart = entry, tstop = time, died = event(time, event))
  early <- !is.na(e$tx) & e$tx <= e$entry
  e$first <- ifelse(early, e$entry, e$tx)
  tmerge(long, e, id = id, on = tdc(first))
}
for (w in c(4, 8)) for (later in c("censored", "unexposed")) {
  both(paste("window", w, later, sep = "_"), "Surv(tstart, tstop, died)", "on", window(w, later))
  put(paste("window", w, later, "robust", sep = "_"),
      as.formula(paste("Surv(tstart, tstop, died) ~", all3, "+ on + cluster(id)")), window(w, later), "on", robust = TRUE)
}

stack <- function(months, horizon) do.call(rbind, lapply(months, function(m) {
  l <- d[d$time > m & d$entry < m + horizon, ]
  l$on <- as.integer(is.finite(l$started) & l$started <= m); l$landmark <- m
  l$from <- pmax(l$entry, m); l$to <- pmin(l$time, m + horizon); l$died <- ifelse(l$time > m + horizon, 0, l$event)
  l
}))
for (h in c(Inf, 18)) for (months in list(c(3, 6, 9, 12), c(2, 8))) {
  s <- stack(months, h); name <- paste("landmarks", length(months), h, sep = "_")
  for (ties in c("efron", "breslow"))
    put(paste(name, ties, sep = "_"), Surv(from, to, died) ~ on + strata(landmark) + cluster(patient), s, "on", TRUE, ties = ties)
  put(paste(name, "adjusted", sep = "_"), Surv(from, to, died) ~ age + stage + marker + on + strata(landmark) + cluster(patient),
      s, "on", TRUE)
}
write.csv(out, "expected.csv", row.names = FALSE, quote = FALSE)
