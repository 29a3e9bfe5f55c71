/* Who is at risk at which death time; the rules, the order of rows and the names are those of _cox_risk_sets.py. */

#define TOLERANCE 1.4901161193847656e-8 /* 2^-26, as in tied_times.py */

typedef struct {
    const double *time, *entry; /* entry: NULL where nobody enters late */
    const uint8_t *event;
    const int64_t *strata; /* NULL where there is one stratum */
    int64_t n, strata_count;
    int64_t *rows, *first, *last, *bounds, *leaving; /* (n,), and bounds (strata_count + 1,) */
    uint8_t *dead;
    int64_t at_risk, leavers, bounded; /* how much of them is filled */
} Plan;

static double moment(const Plan *plan, int64_t k) { return k < plan->n ? plan->time[k] : plan->entry[k - plan->n]; }

/* Numbers the distinct times of moments in ascending order, rounding apart; into group, by place in the order. */
static void distinct_times(const Plan *plan, const int64_t *order, int64_t moments, int64_t *group)
{
    double sum = 0.0, before = -INFINITY, scale;
    int64_t distinct = 0;
    for (int64_t k = 0; k < moments; k++) {
        double now = moment(plan, order[k]);
        if (isfinite(now) && now > before)
            sum += fabs(now), distinct++;
        before = now;
    }
    scale = distinct && sum / distinct > 1.0 ? sum / distinct : 1.0;
    before = distinct ? moment(plan, order[0]) : 0.0;
    for (int64_t k = 0, number = 0; k < moments; k++) {
        double now = moment(plan, order[k]);
        int infinite = !isfinite(now) || !isfinite(before);
        number += infinite ? now > before : now - before > (isfinite(scale) ? TOLERANCE * scale : 0.0);
        group[k] = number;
        before = now;
    }
}

/* Stable: order and group by stratum, as they stand within it. Buffers of the same lengths, and of strata_count + 1. */
static void sort_by_stratum(const Plan *plan, int64_t *order, int64_t *group, int64_t moments, int64_t *buffer, int64_t *start)
{
    memset(start, 0, (size_t)(plan->strata_count + 1) * sizeof *start);
    for (int64_t k = 0; k < moments; k++)
        start[plan->strata[order[k] % plan->n] + 1]++;
    for (int64_t s = 0; s < plan->strata_count; s++)
        start[s + 1] += start[s];
    for (int64_t k = 0; k < moments; k++) {
        int64_t at = start[plan->strata[order[k] % plan->n]]++;
        buffer[at] = order[k];
        buffer[moments + at] = group[k];
    }
    memcpy(order, buffer, (size_t)moments * sizeof *order);
    memcpy(group, buffer + moments, (size_t)moments * sizeof *group);
}

static int64_t stratum_of(const Plan *plan, int64_t row) { return plan->strata ? plan->strata[row] : 0; }

/* Fills the plan from moments in the order of stratum and time. */
static void fill(Plan *plan, const int64_t *order, const int64_t *group, int64_t moments, int64_t *rank, int64_t *reached,
                 int64_t *opening)
{
    int64_t n = plan->n, ranks = 0, times = 0;
    for (int64_t k = 0; k < moments; k++) {
        if (k && (group[k] != group[k - 1] || stratum_of(plan, order[k] % n) != stratum_of(plan, order[k - 1] % n)))
            ranks++;
        rank[order[k]] = ranks;
    }
    memset(reached, 0, (size_t)(ranks + 1) * sizeof *reached);
    for (int64_t i = 0; i < n; i++)
        if (plan->event[i] && (plan->entry == NULL || rank[n + i] < rank[i]))
            reached[rank[i]] = 1;
    for (int64_t k = 0; k <= ranks; k++)
        times = reached[k] += times;
    for (int64_t s = 0; s <= plan->strata_count; s++)
        opening[s] = -1;
    for (int64_t k = 0; k < moments; k++) {
        int64_t s = stratum_of(plan, order[k] % n), r = rank[order[k]];
        if (opening[s] < 0)
            opening[s] = r ? reached[r - 1] : 0;
    }
    opening[plan->strata_count] = times;
    for (int64_t k = moments - 1; k >= 0; k--) {
        int64_t i = order[k] % n, after = plan->entry ? reached[rank[n + i]] : opening[stratum_of(plan, i)];
        if (reached[rank[i]] <= after)
            continue;
        if (order[k] < n) {
            plan->rows[plan->at_risk] = i;
            plan->first[plan->at_risk] = times - reached[rank[i]];
            plan->last[plan->at_risk] = times - after;
            plan->dead[plan->at_risk++] = plan->event[i];
        } else if (after > opening[stratum_of(plan, i)])
            plan->leaving[plan->leavers++] = i;
    }
    for (int64_t k = 0; k < plan->at_risk && plan->leavers; k++)
        rank[plan->rows[k]] = k;
    for (int64_t k = 0; k < plan->leavers; k++)
        plan->leaving[k] = rank[plan->leaving[k]];
    plan->bounds[plan->bounded++] = 0;
    for (int64_t s = plan->strata_count - 1; s >= 0; s--)
        if (opening[s] < opening[s + 1])
            plan->bounds[plan->bounded++] = times - opening[s];
}

/* Every stratum below strata_count holds a row. Returns success: whether there was memory. */
static int draw_up(Plan *plan)
{
    int64_t moments = plan->entry ? 2 * plan->n : plan->n, sorted = 0;
    int64_t *memory = malloc((size_t)(6 * moments + 2 * plan->strata_count + 8) * sizeof *memory);
    double *both = plan->entry ? malloc((size_t)moments * sizeof *both) : NULL;
    if (memory && (both || !plan->entry)) {
        int64_t *order = memory, *group = order + moments, *rank = group + moments, *reached = rank + moments;
        int64_t *buffer = reached + moments + 1, *opening = buffer + 2 * moments;
        if (both) {
            memcpy(both, plan->time, (size_t)plan->n * sizeof *both);
            memcpy(both + plan->n, plan->entry, (size_t)plan->n * sizeof *both);
        }
        sorted = ascending(both ? both : plan->time, order, moments);
        if (sorted) {
            distinct_times(plan, order, moments, group);
            if (plan->strata)
                sort_by_stratum(plan, order, group, moments, buffer, opening);
            fill(plan, order, group, moments, rank, reached, opening);
        }
    }
    free(memory), free(both);
    return sorted != 0;
}
