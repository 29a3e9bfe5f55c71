/* Compiled twins of the loops of _logistic_newton.py and _matching_greedy.py: arrays in, arrays out, no Python while they compute.
 *
 * Limited API and buffer protocol: one binary for every Python from 3.11 on, no headers of numpy. */
#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include "_propensity_logistic.h"
#include "_propensity_matching.h"

/* ---------------------------------------------------------------- arrays from Python */

typedef struct {
    const char *name;
    char kind; /* d: float64, q: int64 */
    int dimensions, writable, optional;
} Expected;

static int is_kind(const Py_buffer *view, char kind)
{
    const char *format = view->format ? view->format : "B";
    if (*format == '=' || *format == '@' || *format == '<')
        format++;
    if (*format == 0 || format[1] != 0 || view->itemsize != 8)
        return 0;
    return kind == 'd' ? *format == 'd' : *format == 'l' || *format == 'q';
}

/* Fill `view`; 0 with an exception set if the object is not the contiguous array that is expected. */
static int take(PyObject *object, const Expected *expected, Py_buffer *view)
{
    if (object == Py_None && expected->optional)
        return 1;
    if (PyObject_GetBuffer(object, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (expected->writable ? PyBUF_WRITABLE : 0)) < 0)
        return 0;
    if (view->ndim == expected->dimensions && is_kind(view, expected->kind))
        return 1;
    PyErr_Format(PyExc_ValueError, "%s: wrong type or number of dimensions", expected->name);
    return 0;
}

static int take_all(PyObject **objects, const Expected *expected, Py_buffer *views, int count)
{
    for (int i = 0; i < count; i++)
        if (!take(objects[i], &expected[i], &views[i]))
            return 0;
    return 1;
}

static void release_all(Py_buffer *views, int count)
{
    for (int i = 0; i < count; i++)
        if (views[i].obj)
            PyBuffer_Release(&views[i]);
}

/* ---------------------------------------------------------------- logistic */

static const Expected NEWTON[] = {
    {"design", 'd', 2, 0, 0}, {"outcome", 'd', 1, 0, 0},    {"weights", 'd', 1, 0, 1},
    {"gamma", 'd', 1, 1, 0},  {"covariance", 'd', 2, 1, 0},
};

static const char *misfit(const Py_buffer *v)
{
    Py_ssize_t k = v[0].shape[0], n = v[0].shape[1];
    if (k < 1 || n < 1)
        return "design: empty";
    if (v[1].shape[0] != n || (v[2].obj && v[2].shape[0] != n))
        return "outcome, weights: expected one entry per patient";
    if (v[3].shape[0] != k || v[4].shape[0] != k || v[4].shape[1] != k)
        return "gamma, covariance: expected k entries each way";
    return NULL;
}

static PyObject *newton(PyObject *self, PyObject *args)
{
    PyObject *objects[5], *answer = NULL;
    Py_buffer v[5];
    Search search;
    long long iterations;
    (void)self;
    memset(v, 0, sizeof v);
    if (!PyArg_ParseTuple(args, "OOOOOLdddd", &objects[0], &objects[1], &objects[2], &objects[3], &objects[4], &iterations,
                          &search.converged, &search.settled, &search.moving, &search.pivot))
        return NULL;
    if (take_all(objects, NEWTON, v, 5)) {
        const char *problem = misfit(v);
        if (problem)
            PyErr_SetString(PyExc_ValueError, problem);
        else {
            Logistic f = {.design = v[0].buf, .outcome = v[1].buf, .weights = v[2].obj ? v[2].buf : NULL,
                          .k = v[0].shape[0], .n = v[0].shape[1]};
            int state;
            search.iterations = iterations;
            Py_BEGIN_ALLOW_THREADS
            state = logistic(&f, v[3].buf, v[4].buf, &search);
            Py_END_ALLOW_THREADS
            answer = state == EXHAUSTED ? PyErr_NoMemory()
                                        : Py_BuildValue("idL", state, f.log_likelihood, (long long)search.iterations);
        }
    }
    release_all(v, 5);
    return answer;
}

/* ---------------------------------------------------------------- matching */

static const Expected NEAREST[] = {
    {"wanted", 'd', 1, 0, 0}, {"offered", 'd', 1, 0, 0}, {"rows", 'q', 1, 0, 0},
    {"who", 'q', 1, 1, 0},    {"whom", 'q', 1, 1, 0},    {"slot", 'q', 1, 1, 0},
};

/* The links that can be made at most must fit, and the scores must be finite, those of the controls ascending. */
static const char *unfit(const Py_buffer *v, const Greedy *g, int replace)
{
    if (v[2].shape[0] != g->controls)
        return "rows: expected one entry per control";
    if (g->ratio < 1 || g->ratio > (g->controls > 0 ? g->controls : 1))
        return "ratio: expected at least 1 and at most the number of controls";
    if (!(g->limit <= DBL_MAX))
        return "limit: expected a finite number";
    Py_ssize_t most = replace ? g->takers * g->ratio : g->controls;
    for (int i = 3; i < 6; i++)
        if (v[i].shape[0] < most)
            return "who, whom, slot: too short";
    for (int64_t i = 0; i < g->takers; i++)
        if (!(fabs(g->wanted[i]) <= DBL_MAX))
            return "wanted: expected finite numbers";
    for (int64_t i = 0; i < g->controls; i++)
        if (!(fabs(g->offered[i]) <= DBL_MAX) || (i > 0 && g->offered[i] < g->offered[i - 1]))
            return "offered: expected finite numbers, ascending";
    return NULL;
}

static PyObject *nearest(PyObject *self, PyObject *args)
{
    PyObject *objects[6], *answer = NULL;
    Py_buffer v[6];
    long long ratio;
    double limit;
    int replace, enough = 0;
    (void)self;
    memset(v, 0, sizeof v);
    if (!PyArg_ParseTuple(args, "OOOLdpOOO", &objects[0], &objects[1], &objects[2], &ratio, &limit, &replace, &objects[3],
                          &objects[4], &objects[5]))
        return NULL;
    if (take_all(objects, NEAREST, v, 6)) {
        Greedy g = {.wanted = v[0].buf, .offered = v[1].buf, .rows = v[2].buf, .who = v[3].buf, .whom = v[4].buf,
                    .slot = v[5].buf, .takers = v[0].shape[0], .controls = v[1].shape[0], .ratio = ratio, .limit = limit};
        const char *problem = unfit(v, &g, replace);
        if (problem)
            PyErr_SetString(PyExc_ValueError, problem);
        else {
            Py_BEGIN_ALLOW_THREADS
            enough = greedy(&g, replace);
            Py_END_ALLOW_THREADS
            answer = enough ? Py_BuildValue("L", (long long)g.made) : PyErr_NoMemory();
        }
    }
    release_all(v, 6);
    return answer;
}

/* ---------------------------------------------------------------- the module */

static PyMethodDef METHODS[] = {
    {"newton", newton, METH_VARARGS,
     "newton(design, outcome, weights, gamma, covariance, iterations, converged, settled, moving, pivot) -> (state, "
     "log_likelihood, iterations). See _logistic_newton.py."},
    {"nearest", nearest, METH_VARARGS,
     "nearest(wanted, offered, rows, ratio, limit, replace, who, whom, slot) -> number of links. See _matching_greedy.py."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_propensity", "Compiled kernels of propensity methods.", -1,
                                    METHODS, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__propensity(void) { return PyModule_Create(&MODULE); }
