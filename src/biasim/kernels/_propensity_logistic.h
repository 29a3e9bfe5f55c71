/* Newton's method for logistic regression: the twin of `newton` in _logistic_newton.py, in the same steps.
 *
 * The design comes as (k, n): one row per column of the model. It is taken in blocks of rows of patients that stay in the
 * first-level cache; all sums of products run over a padded copy, two by four at a time. */
#ifndef PROPENSITY_LOGISTIC_H
#define PROPENSITY_LOGISTIC_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 128, PITCH = BLOCK + 8, WIDEST = 8 }; /* the pitch keeps rows of a block in different sets of the cache */
enum { FOUND, SEPARATED, WANDERING, DEPENDENT, EXHAUSTED };

typedef struct {
    const double *design, *outcome, *weights; /* (k, n), (n), (n) or NULL */
    int64_t n, k, padded;                     /* padded: k rounded up to a multiple of 4 */
    double *block, *left;                     /* (padded, PITCH) columns; (padded + 2, PITCH) columns times curvature, residuals */
    double *information;                      /* (padded + 2, padded), lower triangle; row `padded` is the score */
    double *sums;                             /* (padded + 2, padded) in tiles, by lane */
    double *factor, *score, *step;            /* (k, k) Cholesky; (k); (k) */
    double log_likelihood;
} Logistic;

#define WIDTH 2
#define PASS pass_narrow
#define TARGET
#include "_propensity_pass.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define WIDTH 4
#define PASS pass_wide
#define TARGET __attribute__((target("avx2,fma")))
#include "_propensity_pass.h"

#define WIDTH 8
#define PASS pass_widest
#define TARGET __attribute__((target("avx512f,avx2,fma")))
#include "_propensity_pass.h"

static void pass(Logistic *f, const double *gamma)
{
    if (__builtin_cpu_supports("avx512f"))
        pass_widest(f, gamma);
    else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        pass_wide(f, gamma);
    else
        pass_narrow(f, gamma);
}
#else
static void pass(Logistic *f, const double *gamma) { pass_narrow(f, gamma); }
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
    size_t tiles = (size_t)((rows + 2) * rows), columns = (size_t)((2 * rows + 2) * PITCH);
    double *memory = calloc(tiles * (WIDEST + 1) + columns + (size_t)(f->k * f->k + 2 * f->k) + 8, sizeof(double));
    int state = EXHAUSTED;
    if (memory) {
        double *at = memory + (64 - (uintptr_t)memory % 64) % 64 / sizeof(double); /* on a line of the cache */
        f->block = at, f->left = at + rows * PITCH, f->sums = at += columns;
        f->information = at += tiles * WIDEST;
        f->factor = at += tiles;
        f->score = f->factor + f->k * f->k, f->step = f->score + f->k;
        state = climb(f, gamma, covariance, search);
    }
    free(memory);
    return state;
}

#endif
