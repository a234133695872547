/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * html.h - the parts of the HTML report that stand in several places.   room: report
 *
 * Markup is written by RAW() with fixed text only; whatever came from a program
 * goes through PRINT(), which quotes every %s.
 */
#ifndef REP_HTML_H
#define REP_HTML_H

#include "render.h"

#define RAW(out, text) fputs("" text, out)
#define PRINT(out, ...) rep_render_print(out, REP_QUOTE_HTML, __VA_ARGS__)

/* 48112 as "48 112", with spaces that do not break. */
void rep_html_put_number(FILE *out, uint64_t number);
/* "s", but for one. */
const char *rep_html_plural(uint64_t count);

/* Evidence: the one called first open, some others folded, of the rest a line each. And one finding as an article `finding-FINGERPRINT`. */
void rep_html_put_evidence(FILE *out, const struct rep_evidence *evidence, size_t count, size_t first);
void rep_html_put_finding(FILE *out, const struct rep_view *view, const struct rep_finding *finding);

#endif
