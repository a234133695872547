/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layers.h - which class stands above which in a picture.   room: report
 *
 * Cost   linear in edges but for cycles (square in the classes that lie on one) and for what is
 *        implied (classes times edges / 64, and classes squared bits: past LAYERS_IMPLIED_MAX classes
 *        nothing is said to be implied).
 */
#ifndef REP_LAYERS_H
#define REP_LAYERS_H

#include "render.h"

#define LAYERS_IMPLIED_MAX 20000

struct rep_layers {
	bool *ranks; /* by edge: it goes down; else it gives way */
	bool *implied; /* by edge: a longer way down says the same */
	size_t *layer; /* by class: 0 is on top */
	size_t count; /* of layers that a kept class lies in */
};

/* 0 or -ENOMEM. Edges that are not kept neither rank nor count. */
int rep_layers_init(struct rep_layers *layers, const struct rep_view *view, const struct rep_kept *kept);
void rep_layers_fini(struct rep_layers *layers);

#endif
