/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/stub.h"

void
stub_checkorder(struct witness_lock_object *lo, unsigned flags, const char *file, int line,
    struct witness_lock_object *interlock)
{
	(void)lo;
	(void)flags;
	(void)file;
	(void)line;
	(void)interlock;
}

void
stub_lock(struct witness_lock_object *lo, unsigned flags, const char *file, int line)
{
	(void)lo;
	(void)flags;
	(void)file;
	(void)line;
}

void
stub_unlock(struct witness_lock_object *lo, unsigned flags, const char *file, int line)
{
	(void)lo;
	(void)flags;
	(void)file;
	(void)line;
}
