/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys.h - system calls that are no cancellation points.       room: witness/live
 *
 * The C library's open(), write(), fallocate() and their like may cancel the
 * calling thread; the tracker must not be where that happens.  wit_sys() makes
 * the bare call and says failure as -errno.  It does change errno.
 */
#ifndef WIT_SYS_H
#define WIT_SYS_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#define wit_sys(...)                                                                                         \
	({                                                                                                   \
		long wit_sys_result = syscall(__VA_ARGS__);                                                  \
		wit_sys_result < 0 ? -(long)errno : wit_sys_result;                                          \
	})

#endif
