/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * param.h - types, sizes, priorities, assertions: what every kernel file needs.   room: corpus/kern
 *
 * Kernel code prints with kprintf() and dies with panic(); it never calls host
 * malloc(), and takes no decision from a host address.
 */
#ifndef KERN_PARAM_H
#define KERN_PARAM_H

#include <sys/types.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kern/queue.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE (1 << PAGE_SHIFT)
#define PAGE_MASK (PAGE_SIZE - 1)
#define trunc_page(x) ((uintptr_t)(x) & ~(uintptr_t)PAGE_MASK)
#define round_page(x) (((uintptr_t)(x) + PAGE_MASK) & ~(uintptr_t)PAGE_MASK)
#define atop(x) ((x) >> PAGE_SHIFT)
#define ptoa(x) ((uintptr_t)(x) << PAGE_SHIFT)

typedef int boolean_t;
#define TRUE 1
#define FALSE 0

enum { hz = 100 }; /* virtual ticks a virtual second */

#define MAXCPU 16

/* Priorities: lower is better. */
#define PI_SOFT 40 /* software interrupt threads */
#define PSWP 64
#define PVM 68
#define PINOD 72
#define PRIBIO 76
#define PVFS 80
#define PSOCK 88
#define PWAIT 92
#define PPAUSE 104
#define PUSER 160
#define PRI_MIN_IDLE 224
#define PRI_MAX_IDLE 255
#define PRIMASK 0x0ff
#define PCATCH 0x100 /* accepted; there are no signals */
#define PDROP 0x200 /* msleep() returns with the interlock released */

#define nitems(a) (sizeof(a) / sizeof((a)[0]))
#define howmany(x, y) (((x) + ((y)-1)) / (y))
#define rounddown(x, y) (((x) / (y)) * (y))
#define roundup(x, y) ((((x) + ((y)-1)) / (y)) * (y))
#define powerof2(x) ((((x)-1) & (x)) == 0)

#define KERN_NOINLINE __attribute__((noinline, noclone)) /* its frame must be seen on stacks */
#ifdef __clang__
#undef KERN_NOINLINE
#define KERN_NOINLINE __attribute__((noinline))
#endif

#define LOCK_FILE __FILE__
#define LOCK_LINE __LINE__

static inline int
imin(int a, int b)
{
	return (a < b ? a : b);
}

static inline int
imax(int a, int b)
{
	return (a > b ? a : b);
}

static inline u_long
ulmin(u_long a, u_long b)
{
	return (a < b ? a : b);
}

static inline u_long
ulmax(u_long a, u_long b)
{
	return (a > b ? a : b);
}

/* The console: standard output. Deterministic text only, so no addresses. */
void kprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Stops the machine: "panic: text" on standard error, the run's outcome is MACHINE_PANIC.  Never returns. */
void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn, cold));

/* Always on.  The message is a parenthesised panic() argument list. */
#define KASSERT(exp, msg)                                                                                    \
	do {                                                                                                 \
		if (__builtin_expect(!(exp), 0))                                                             \
			panic msg;                                                                           \
	} while (0)
#define MPASS(exp) KASSERT(exp, ("Assertion %s failed at %s:%d", #exp, LOCK_FILE, LOCK_LINE))

#endif
