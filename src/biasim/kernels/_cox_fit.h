/* One fit: its arrays, its constants, and the two ways the core is compiled. */

#define ROWS 128 /* rows handled at once: they stay in the first cache */
#define FARTHEST 700.0
#define COLLINEAR 1.8189894035458565e-12 /* 2^-39 */
#define CLOSE 1e-20
#define STALLED 1e-14
#define FLAT 1e-3
#define LATE 4
#define MOVING 0.5
#define WIDEST 20.0
#define ITERATIONS 60
#define HALVINGS 40

enum { CONVERGED, DOUBTFUL, NOT_CONVERGED, SINGULAR, SPENT };

typedef struct Fit Fit;

typedef struct {
    double (*evaluate)(Fit *f, const double *beta);
    void (*gram)(const double *rows, const double *weight, int64_t n, int64_t q, double *matrix);
    void (*exposure_scores)(Fit *f);
    void (*multiply)(double *rows, const double *matrix, double *product, int64_t n, int64_t q);
} Path;

struct Fit {
    const Path *path;
    void *memory, *score_memory;
    /* the risk sets, as in _cox_risk_sets.py */
    const int64_t *rows, *first, *last, *strata, *leaving, *group;
    const uint8_t *dead;
    int64_t m, p, q, times, strata_count, leavers, groups;
    int efron;
    /* rows: (m, q) or (m,) */
    double *z, *weight, *risk, *met, *scores;
    /* death times: (times,) or (times, q) */
    double *mass, *hazard, *own, *square, *above, *below, *drift, *rest;
    int64_t *count;
    uint8_t *tied, *leaves; /* leaves: (m,) */
    /* covariates: (q,), with one more for the sum of the risks */
    double *centre, *scale, *covered, *origin, *beta, *trial, *step, *gradient, *moments, *size, *reach;
    double *sum, *moving, *lost, *now, *dying, *part, *spare;
    int64_t *columns;
    uint8_t *kept;
    /* (q, q), and the buffer of rows for outer products */
    double *information, *factor, *means, *outer, *outer_weight;
    double cross, fast, unit, null, log_likelihood, score_test;
    int64_t used, iterations;
};

#if defined(__GNUC__)
#define VECTORS 1
#define APART __attribute__((noinline))
#define INLINE inline __attribute__((always_inline))
typedef double four __attribute__((vector_size(32), aligned(8), may_alias));
typedef int64_t four_integers __attribute__((vector_size(32), aligned(8), may_alias));
#define LOAD(at) (*(const four *)(at))
#define STORE(at, value) (*(four *)(at) = (value))
#define PART(x, k) ((x)[k])
#else
#error "the compiled kernel needs the vector extensions of GCC or Clang; biasim runs on numpy without it"
#endif

#define TARGET
#define NAME(x) x##_portable
#include "_cox_vectors.h"
#include "_cox_core.h"
#undef TARGET
#undef NAME

#define PATH(kind) {evaluate_##kind, gram_##kind, exposure_scores_##kind, multiply_##kind}
static const Path PORTABLE = PATH(portable);

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#define NAME(x) x##_avx2
#include "_cox_vectors.h"
#include "_cox_core.h"
#undef TARGET
#undef NAME
static const Path AVX2 = PATH(avx2);
static const Path *best_path(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &AVX2 : &PORTABLE;
}
#else
static const Path *best_path(void) { return &PORTABLE; }
#endif
