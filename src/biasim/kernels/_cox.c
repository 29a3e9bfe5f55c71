/* The compiled twin of _cox_numpy.py and _cox_newton.py: arrays in, arrays out, no Python while it computes.
 *
 * Limited API and buffer protocol: one binary for every Python from 3.11 on, no headers of numpy. With GNU compilers on
 * x86-64 the numerical core is compiled twice, and the processor decides which one runs. */
#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "_cox_fit.h"
#include "_cox_newton.h"
#include "_cox_order.h"
#include "_cox_plan.h"
#include "_cox_report.h"

/* ---------------------------------------------------------------- arrays from Python */

enum { DOUBLES, INTEGERS, FLAGS };
enum { COVARIATES, ROWS_, FIRST, LAST, DEAD, STRATA, LEAVING, WEIGHTS, GROUP, BETA, DIRECTION, KEPT, COVARIANCE, SANDWICH,
       ARRAYS, OUTPUT = ARRAYS, TIME, ENTRY, EVENT, CODES };

static const struct {
    const char *name;
    int kind, dimensions, writable, optional;
} ARRAY[ARRAYS + 5] = {
    {"covariates", DOUBLES, 2, 0, 0}, {"rows", INTEGERS, 1, 0, 0},   {"first", INTEGERS, 1, 0, 0},
    {"last", INTEGERS, 1, 0, 0},      {"dead", FLAGS, 1, 0, 0},      {"strata", INTEGERS, 1, 0, 0},
    {"leaving", INTEGERS, 1, 0, 0},   {"weights", DOUBLES, 1, 0, 1}, {"group", INTEGERS, 1, 0, 1},
    {"beta", DOUBLES, 1, 1, 0},       {"direction", DOUBLES, 1, 1, 0}, {"kept", FLAGS, 1, 1, 0},
    {"covariance", DOUBLES, 2, 1, 0}, {"sandwich", DOUBLES, 2, 1, 1},
    {"output", INTEGERS, 1, 1, 0},    {"time", DOUBLES, 1, 0, 0},    {"entry", DOUBLES, 1, 0, 1},
    {"event", FLAGS, 1, 0, 0},        {"strata", INTEGERS, 1, 0, 1},
};

static int is_kind(const Py_buffer *view, int kind)
{
    const char *format = view->format ? view->format : "B";
    if (*format == '=' || *format == '@' || *format == '<')
        format++;
    if (*format == 0 || format[1] != 0)
        return 0;
    if (kind == DOUBLES)
        return *format == 'd' && view->itemsize == 8;
    if (kind == FLAGS)
        return *format == '?' && view->itemsize == 1;
    return (*format == 'l' || *format == 'q') && view->itemsize == 8;
}

static int take(PyObject *object, int which, Py_buffer *view)
{
    if (object == Py_None && ARRAY[which].optional)
        return 1;
    int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (ARRAY[which].writable ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(object, view, flags) < 0)
        return 0;
    if (view->ndim == ARRAY[which].dimensions && is_kind(view, ARRAY[which].kind))
        return 1;
    PyErr_Format(PyExc_ValueError, "%s: wrong type or number of dimensions", ARRAY[which].name);
    return 0;
}

static int64_t extent(const Py_buffer *view, int axis) { return view->buf || view->obj ? view->shape[axis] : -1; }

/* Whether every shape fits and every index points inside its array; an index out of place would corrupt memory. */
static const char *misfit(Fit *f, const Py_buffer *a, int64_t groups)
{
    int64_t n = extent(&a[COVARIATES], 0), p = extent(&a[COVARIATES], 1), s = extent(&a[STRATA], 0) - 1;
    f->p = p, f->q = p ? (p + 3) / 4 * 4 : 4, f->m = extent(&a[ROWS_], 0), f->leavers = extent(&a[LEAVING], 0);
    if (extent(&a[FIRST], 0) != f->m || extent(&a[LAST], 0) != f->m || extent(&a[DEAD], 0) != f->m)
        return "rows, first, last and dead: lengths differ";
    if ((a[WEIGHTS].obj && extent(&a[WEIGHTS], 0) != n) || (a[GROUP].obj && extent(&a[GROUP], 0) != n))
        return "weights, group: expected one entry per row of the covariates";
    for (int k = BETA; k <= SANDWICH; k++)
        if (a[k].obj && (extent(&a[k], 0) != p || (ARRAY[k].dimensions == 2 && extent(&a[k], 1) != p)))
            return "an output does not have p entries each way";
    if (s < 1 || f->strata[0] != 0 || f->m < 1)
        return "strata: expected the first death time of each stratum, and the number of death times";
    f->strata_count = s, f->times = f->strata[s];
    for (int64_t k = 0; k < s; k++)
        if (f->strata[k + 1] <= f->strata[k])
            return "strata: expected to ascend";
    int64_t joined = -1, stratum = 0;
    for (int64_t i = 0; i < f->m; i++) {
        if (f->rows[i] < 0 || f->rows[i] >= n || f->first[i] < 0 || f->first[i] >= f->times || f->first[i] < joined)
            return "rows, first: an index out of place";
        joined = f->first[i];
        while (joined >= f->strata[stratum + 1])
            stratum++;
        if (f->last[i] <= joined || f->last[i] > f->strata[stratum + 1])
            return "last: an index out of place";
        if (f->group && (f->group[f->rows[i]] < 0 || f->group[f->rows[i]] >= groups))
            return "group: an index out of place";
    }
    for (int64_t k = 0; k < f->leavers; k++)
        if (f->leaving[k] < 0 || f->leaving[k] >= f->m)
            return "leaving: an index out of place";
    return NULL;
}

/* ---------------------------------------------------------------- fit */

static PyObject *run(Fit *f, const Py_buffer *a)
{
    int state = SPENT;
    double null = 0.0, log_likelihood = 0.0, score_test = 0.0;
    Py_BEGIN_ALLOW_THREADS
    if (lay_out(f, a[COVARIATES].buf, a[WEIGHTS].buf, a[BETA].buf)) {
        state = maximise(f);
        if (!report(f, state, a[BETA].buf, a[DIRECTION].buf, a[KEPT].buf, a[COVARIANCE].buf, a[SANDWICH].buf))
            state = SPENT;
        null = f->null, log_likelihood = f->log_likelihood, score_test = f->score_test;
    }
    release(f);
    Py_END_ALLOW_THREADS
    if (state == SPENT)
        return PyErr_NoMemory();
    return Py_BuildValue("idddL", state, null, log_likelihood, score_test, (long long)f->iterations);
}

static PyObject *fit(PyObject *self, PyObject *args)
{
    PyObject *object[ARRAYS], *answer = NULL;
    Py_buffer a[ARRAYS];
    int efron, taken = 0;
    long long groups, iterations;
    (void)self;
    memset(a, 0, sizeof a);
    if (!PyArg_ParseTuple(args, "OOOOOOOOOOOOOOpLL", &object[0], &object[1], &object[2], &object[3], &object[4], &object[5],
                          &object[6], &object[7], &object[8], &object[9], &object[10], &object[11], &object[12], &object[13],
                          &efron, &groups, &iterations))
        return NULL;
    while (taken < ARRAYS && take(object[taken], taken, &a[taken]))
        taken++;
    if (taken == ARRAYS) {
        Fit f = {.rows = a[ROWS_].buf, .first = a[FIRST].buf, .last = a[LAST].buf, .dead = a[DEAD].buf,
                 .strata = a[STRATA].buf, .leaving = a[LEAVING].buf, .group = a[GROUP].buf, .efron = efron,
                 .groups = groups, .iterations = iterations};
        const char *problem = misfit(&f, a, groups);
        if (problem)
            PyErr_SetString(PyExc_ValueError, problem);
        else
            answer = run(&f, a);
    }
    for (int k = 0; k < ARRAYS; k++)
        if (a[k].obj)
            PyBuffer_Release(&a[k]);
    return answer;
}

/* ---------------------------------------------------------------- risk sets */

static const char *misplanned(Plan *p, const Py_buffer *a)
{
    p->n = extent(&a[0], 0);
    for (int k = 1; k < 10; k++)
        if (a[k].obj && k != 7 && extent(&a[k], 0) != p->n)
            return "risk sets: lengths differ";
    if (p->n < 1 || p->n > INT32_MAX / 2 || extent(&a[7], 0) != p->strata_count + 1 || p->strata_count < 1)
        return "risk sets: nobody, too many, or bounds that do not fit the strata";
    for (int64_t i = 0; p->strata && i < p->n; i++)
        if (p->strata[i] < 0 || p->strata[i] >= p->strata_count)
            return "risk sets: a stratum out of place";
    return NULL;
}

static PyObject *risk_sets(PyObject *self, PyObject *args)
{
    static const int KIND[10] = {TIME, EVENT, ENTRY, CODES, OUTPUT, OUTPUT, OUTPUT, OUTPUT, OUTPUT, KEPT};
    PyObject *object[10], *answer = NULL;
    Py_buffer a[10];
    long long strata_count;
    int taken = 0, done = 0;
    (void)self;
    memset(a, 0, sizeof a);
    if (!PyArg_ParseTuple(args, "OOOOOOOOOOL", &object[0], &object[1], &object[2], &object[3], &object[4], &object[5],
                          &object[6], &object[7], &object[8], &object[9], &strata_count))
        return NULL;
    while (taken < 10 && take(object[taken], KIND[taken], &a[taken]))
        taken++;
    if (taken == 10) {
        Plan p = {.time = a[0].buf, .event = a[1].buf, .entry = a[2].buf, .strata = a[3].buf, .rows = a[4].buf,
                  .first = a[5].buf, .last = a[6].buf, .bounds = a[7].buf, .leaving = a[8].buf, .dead = a[9].buf,
                  .strata_count = strata_count};
        const char *problem = misplanned(&p, a);
        if (problem)
            PyErr_SetString(PyExc_ValueError, problem);
        else {
            Py_BEGIN_ALLOW_THREADS
            done = draw_up(&p);
            Py_END_ALLOW_THREADS
            answer = done ? Py_BuildValue("LLL", (long long)p.at_risk, (long long)p.leavers, (long long)p.bounded)
                          : PyErr_NoMemory();
        }
    }
    for (int k = 0; k < 10; k++)
        if (a[k].obj)
            PyBuffer_Release(&a[k]);
    return answer;
}

static PyMethodDef METHODS[] = {
    {"fit", fit, METH_VARARGS,
     "fit(covariates, rows, first, last, dead, strata, leaving, weights, group, beta, direction, kept, covariance, sandwich, "
     "efron, groups, iterations) -> (state, null, log_likelihood, score_test, iterations). See _cox_compiled.py."},
    {"risk_sets", risk_sets, METH_VARARGS,
     "risk_sets(time, event, entry, strata, rows, first, last, bounds, leaving, dead, strata_count) -> how much is filled of "
     "rows, leaving and bounds. See _cox_risk_sets.py."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_cox", "Compiled kernel of Cox regression.", -1, METHODS,
                                    NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__cox(void) { return PyModule_Create(&MODULE); }
