/* Newton's method for logistic regression: the twin of `_newton` in logistic.py, in the same steps.
 *
 * The design comes as (k, n): one row per column of the model. It is taken in blocks of rows of patients that stay in the
 * first-level cache; all sums of products run over a padded copy, two by four at a time. */
#ifndef PROPENSITY_LOGISTIC_H
#define PROPENSITY_LOGISTIC_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 128, LANES = 4 };
enum { FOUND, SEPARATED, WANDERING, DEPENDENT, EXHAUSTED };

typedef double lanes __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef int64_t words __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

typedef struct {
    const double *design, *outcome, *weights; /* (k, n), (n), (n) or NULL */
    int64_t n, k, padded;                     /* padded: k rounded up to a multiple of 4 */
    double *block, *left;                     /* (padded, BLOCK) columns; (padded + 2, BLOCK) columns times curvature, residuals */
    double *information;                      /* (padded + 2, padded), lower triangle; row `padded` is the score */
    lanes *sums;                              /* (padded + 2, padded) in tiles */
    double *factor, *score, *step;            /* (k, k) Cholesky; (k); (k) */
    double log_likelihood;
} Logistic;

/* exp(x) for -700 <= x <= 0 by Cody and Waite's reduction, four at a time; 1e-16 relative. */
static inline __attribute__((always_inline)) void exp_of_negative(lanes *at)
{
    const double shift = 6755399441055744.0; /* 1.5 * 2^52: adding it leaves the nearest whole number in the low bits */
    lanes x = *at, shifted = x * 1.4426950408889634 + shift, whole = shifted - shift;
    lanes r = (x - whole * 6.93145751953125e-1) - whole * 1.42860682030941723212e-6;
    lanes p = r * (1.0 / 479001600.0) + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0, p = p * r + 1.0 / 362880.0, p = p * r + 1.0 / 40320.0, p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0, p = p * r + 1.0 / 120.0, p = p * r + 1.0 / 24.0, p = p * r + 1.0 / 6.0;
    p = p * r + 0.5, p = p * r + 1.0, p = p * r + 1.0;
    words power = ((words)shifted + 1023) << 52;
    *at = p * (lanes)power;
}

/* Log likelihood of the block; residuals and curvature by patient, 0 in the padding. */
static inline __attribute__((always_inline)) double pointwise(const double *predictor, const double *outcome,
                                                              const double *weights, int64_t size, double *residual,
                                                              double *curvature)
{
    double gain = 0.0, product = 1.0, small[BLOCK];
    for (int64_t t = 0; t < BLOCK; t++)
        small[t] = fabs(predictor[t]) < 700.0 ? -fabs(predictor[t]) : -700.0;
    for (int64_t t = 0; t < BLOCK; t += LANES)
        exp_of_negative((lanes *)(small + t));
    for (int64_t t = 0; t < size; t++) {
        double odds = 1.0 / (1.0 + small[t]), other = small[t] * odds;
        residual[t] = outcome[t] - (predictor[t] >= 0.0 ? odds : other);
        curvature[t] = other * odds;
    }
    for (int64_t t = 0; t < size; t++) {
        double linear = (predictor[t] < 0.0 ? predictor[t] : 0.0) - predictor[t] * (1.0 - outcome[t]);
        if (weights) {
            gain += weights[t] * (linear - log(1.0 + small[t]));
            residual[t] *= weights[t], curvature[t] *= weights[t];
        } else {
            gain += linear;
            product *= 1.0 + small[t]; /* at most 2^BLOCK: one logarithm a block */
        }
    }
    return weights ? gain : gain - log(product);
}

/* sums += left block'; rows of `left` two at a time, columns of the block four at a time, lower triangle only. */
static inline __attribute__((always_inline)) void add_products(const Logistic *f)
{
    for (int64_t i = 0; i < f->padded + 2; i += 2)
        for (int64_t j = 0; j < f->padded && j <= i + 1; j += 4) {
            const double *a = f->left + i * BLOCK, *b = f->block + j * BLOCK;
            lanes *to = f->sums + i * f->padded + 2 * j; /* eight running sums for the tile (i, i + 1) x (j .. j + 3) */
            lanes sum[8] = {to[0], to[1], to[2], to[3], to[4], to[5], to[6], to[7]};
            for (int64_t t = 0; t < BLOCK; t += LANES) {
                lanes a0 = *(const lanes *)(a + t), a1 = *(const lanes *)(a + BLOCK + t);
                lanes b0 = *(const lanes *)(b + t), b1 = *(const lanes *)(b + BLOCK + t);
                lanes b2 = *(const lanes *)(b + 2 * BLOCK + t), b3 = *(const lanes *)(b + 3 * BLOCK + t);
                sum[0] += a0 * b0, sum[1] += a0 * b1, sum[2] += a0 * b2, sum[3] += a0 * b3;
                sum[4] += a1 * b0, sum[5] += a1 * b1, sum[6] += a1 * b2, sum[7] += a1 * b3;
            }
            to[0] = sum[0], to[1] = sum[1], to[2] = sum[2], to[3] = sum[3];
            to[4] = sum[4], to[5] = sum[5], to[6] = sum[6], to[7] = sum[7];
        }
}

/* Add up the lanes. */
static inline __attribute__((always_inline)) void gather(Logistic *f)
{
    for (int64_t i = 0; i < f->padded + 2; i++)
        for (int64_t j = 0; j < f->padded && j <= i; j++) {
            const lanes *v = f->sums + i / 2 * 2 * f->padded + j / 4 * 8 + i % 2 * 4 + j % 4;
            f->information[i * f->padded + j] = ((*v)[0] + (*v)[1]) + ((*v)[2] + (*v)[3]);
        }
}

static inline __attribute__((always_inline)) void one_pass(Logistic *f, const double *gamma)
{
    double predictor[BLOCK], curvature[BLOCK], *residual = f->left + f->padded * BLOCK;
    memset(f->sums, 0, (size_t)((f->padded + 2) * f->padded) * sizeof(lanes));
    f->log_likelihood = 0.0;
    for (int64_t start = 0; start < f->n; start += BLOCK) {
        int64_t size = f->n - start < BLOCK ? f->n - start : BLOCK;
        memset(predictor, 0, sizeof predictor);
        if (size < BLOCK)
            memset(f->block, 0, (size_t)(f->padded * BLOCK) * sizeof(double));
        for (int64_t j = 0; j < f->k; j++) {
            double *to = f->block + j * BLOCK;
            memcpy(to, f->design + j * f->n + start, (size_t)size * sizeof(double));
            for (int64_t t = 0; t < BLOCK; t++)
                predictor[t] += gamma[j] * to[t];
        }
        memset(residual, 0, BLOCK * sizeof(double));
        memset(curvature, 0, sizeof curvature);
        f->log_likelihood += pointwise(predictor, f->outcome + start, f->weights ? f->weights + start : NULL, size, residual,
                                       curvature);
        for (int64_t j = 0; j < f->k; j++)
            for (int64_t t = 0; t < BLOCK; t++)
                f->left[j * BLOCK + t] = f->block[j * BLOCK + t] * curvature[t];
        add_products(f);
    }
    gather(f);
    memcpy(f->score, f->information + f->padded * f->padded, (size_t)f->k * sizeof(double));
}

static void pass_plain(Logistic *f, const double *gamma) { one_pass(f, gamma); }

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2,fma"))) static void pass_wide(Logistic *f, const double *gamma) { one_pass(f, gamma); }
static void pass(Logistic *f, const double *gamma)
{
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        pass_wide(f, gamma);
    else
        pass_plain(f, gamma);
}
#else
static void pass(Logistic *f, const double *gamma) { pass_plain(f, gamma); }
#endif

/* Upper Cholesky factor of the information; the smallest pivot as a share of the diagonal, -1 where there is no factor. */
static double factorise(Logistic *f)
{
    double smallest = 1.0, *u = f->factor;
    int64_t k = f->k;
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = i; j < k; j++)
            u[i * k + j] = f->information[j * f->padded + i];
    for (int64_t i = 0; i < k; i++) {
        double pivot = u[i * k + i], share = pivot / f->information[i * f->padded + i], scale = 1.0 / sqrt(pivot);
        if (!(pivot > 0.0))
            return -1.0;
        smallest = share < smallest ? share : smallest;
        for (int64_t j = i; j < k; j++)
            u[i * k + j] *= scale;
        for (int64_t r = i + 1; r < k; r++)
            for (int64_t j = r; j < k; j++)
                u[r * k + j] -= u[i * k + r] * u[i * k + j];
    }
    return smallest;
}

/* x := information^-1 x */
static void solve(const Logistic *f, double *x)
{
    const double *u = f->factor;
    for (int64_t i = 0; i < f->k; i++) {
        x[i] /= u[i * f->k + i];
        for (int64_t j = i + 1; j < f->k; j++)
            x[j] -= u[i * f->k + j] * x[i];
    }
    for (int64_t i = f->k - 1; i >= 0; i--) {
        for (int64_t j = i + 1; j < f->k; j++)
            x[i] -= u[i * f->k + j] * x[j];
        x[i] /= u[i * f->k + i];
    }
}

/* Whether the step moves some linear predictor by more than `limit`. */
static int moves(const Logistic *f, double limit)
{
    double change[BLOCK];
    for (int64_t start = 0; start < f->n; start += BLOCK) {
        int64_t size = f->n - start < BLOCK ? f->n - start : BLOCK;
        memset(change, 0, sizeof change);
        for (int64_t j = 0; j < f->k; j++)
            for (int64_t t = 0; t < size; t++)
                change[t] += f->step[j] * f->design[j * f->n + start + t];
        for (int64_t t = 0; t < size; t++)
            if (fabs(change[t]) > limit)
                return 1;
    }
    return 0;
}

/* covariance := information^-1, exactly symmetric; the factor makes way for its own inverse. */
static void invert(Logistic *f, double *covariance)
{
    double *u = f->factor;
    int64_t k = f->k;
    for (int64_t i = k - 1; i >= 0; i--) {
        double scale = 1.0 / u[i * k + i], *row = covariance; /* a row of scratch, overwritten below */
        memset(row, 0, (size_t)k * sizeof(double));
        for (int64_t c = i + 1; c < k; c++)
            for (int64_t j = c; j < k; j++)
                row[j] -= u[i * k + c] * u[c * k + j];
        u[i * k + i] = scale;
        for (int64_t j = i + 1; j < k; j++)
            u[i * k + j] = row[j] * scale;
    }
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = 0.0;
            for (int64_t c = i; c < k; c++)
                sum += u[i * k + c] * u[j * k + c];
            covariance[i * k + j] = covariance[j * k + i] = sum;
        }
}

typedef struct {
    int64_t iterations; /* in: at most; out: made */
    double converged, settled, moving, pivot;
} Search;

static int climb(Logistic *f, double *gamma, double *covariance, Search *search)
{
    double best = -INFINITY, decrement = INFINITY;
    memset(f->step, 0, (size_t)f->k * sizeof(double));
    for (int64_t iteration = 1, most = search->iterations; iteration <= most; iteration++) {
        search->iterations = iteration;
        pass(f, gamma);
        for (int halvings = 0; f->log_likelihood < best - 1e-10 * (1.0 + fabs(best)) && halvings < 40; halvings++) {
            for (int64_t j = 0; j < f->k; j++)
                f->step[j] /= 2, gamma[j] -= f->step[j];
            pass(f, gamma);
        }
        best = f->log_likelihood;
        double smallest = factorise(f), previous = decrement;
        if (iteration == 1 && smallest < search->pivot)
            return DEPENDENT;
        if (smallest < 0.0) {
            for (int64_t j = 0; j < f->k * f->k; j++)
                covariance[j] = NAN;
            return previous < search->settled ? SEPARATED : WANDERING;
        }
        memcpy(f->step, f->score, (size_t)f->k * sizeof(double));
        solve(f, f->step);
        decrement = 0.0;
        for (int64_t j = 0; j < f->k; j++)
            decrement += f->step[j] * f->score[j], gamma[j] += f->step[j];
        if (decrement < search->settled) {
            int moving = moves(f, search->moving);
            if (moving || decrement < search->converged || decrement > previous / 4) {
                invert(f, covariance);
                return moving ? SEPARATED : FOUND;
            }
        }
    }
    invert(f, covariance);
    return WANDERING;
}

static int logistic(Logistic *f, double *gamma, double *covariance, Search *search)
{
    int64_t rows = f->padded = (f->k + 3) / 4 * 4;
    f->block = calloc((size_t)(rows * BLOCK), sizeof(double));
    f->left = calloc((size_t)((rows + 2) * BLOCK), sizeof(double));
    f->information = calloc((size_t)((rows + 2) * rows), sizeof(double));
    f->sums = calloc((size_t)((rows + 2) * rows), sizeof(lanes));
    f->factor = calloc((size_t)(f->k * f->k + 2 * f->k), sizeof(double));
    int state = EXHAUSTED;
    if (f->block && f->left && f->information && f->sums && f->factor) {
        f->score = f->factor + f->k * f->k, f->step = f->score + f->k;
        state = climb(f, gamma, covariance, search);
    }
    free(f->block), free(f->left), free(f->information), free(f->sums), free(f->factor);
    return state;
}

#endif
