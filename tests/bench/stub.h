/* SPDX-License-Identifier: BSD-2-Clause */
/* stub.h - functions with the hot three's shapes that only return: what a call costs that does nothing. */
#ifndef STUB_H
#define STUB_H

#include "witness.h"

void stub_checkorder(struct witness_lock_object *lo, unsigned flags, const char *file, int line,
    struct witness_lock_object *interlock);
void stub_lock(struct witness_lock_object *lo, unsigned flags, const char *file, int line);
void stub_unlock(struct witness_lock_object *lo, unsigned flags, const char *file, int line);

#endif
