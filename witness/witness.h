/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * witness.h - the lock-order tracker's API, in WITNESS's own names.        room: witness
 *
 * Embed a struct witness_lock_object in each lock, tell the tracker when a lock
 * is made, asked for, taken and let go, and it learns in which order the
 * program takes its classes of locks and says which orders can deadlock.
 *
 * A class is the *type* string given to witness_init(), or the lock's name
 * where the type is NULL.  All locks of one type are one node of the order
 * graph; origins (the place of the init call) are kept apart within it.
 *
 * How to hook a lock
 *      init      witness_init()
 *      lock      witness_checkorder(), then block for the lock, then witness_lock()
 *      trylock   on success witness_lock() with LOP_TRYLOCK; nothing else
 *      unlock    witness_unlock(), then let the real lock go
 *      destroy   witness_destroy(), then destroy the real lock
 * file and line are the caller's; file must be a string that outlives the
 * process's use of the tracker (a literal).  Macros WITNESS_FILE, WITNESS_LINE.
 *
 * Threads   every function may be called by any thread at any time, before
 *           main() and in destructors of thread-local data too.  Calls about one
 *           lock object must be ordered by the lock's own rules (witness_lock()
 *           while it is held, witness_destroy() when nobody uses it).
 * Signals   not from signal handlers (yet).
 * Errors    the tracker never stops the program, never changes errno, and never
 *           writes to its standard output.  What it finds goes to the run file
 *           and the console (WITNESS_OPTIONS); what it cannot keep is said "lost".
 * Without   compile with WITNESS_STUB defined and every call is nothing.
 */
#ifndef WITNESS_H
#define WITNESS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WITNESS_VERSION_MAJOR 0
#define WITNESS_VERSION_MINOR 1

#define WITNESS_FILE __FILE__
#define WITNESS_LINE __LINE__

/*
 * One lock as the tracker sees it.  lo_name and lo_flags are the caller's to
 * set before witness_init(); the rest belongs to the tracker.  Zero it all first.
 */
struct witness_lock_object {
	const char *lo_name; /* name of the lock; a string that stays */
	uint32_t lo_flags; /* LO_* and LO_CLASS() */
	uint32_t lo_spare; /* the tracker's: flags, as it keeps them */
	uint64_t lo_tool[2]; /* the tracker's: origin, generation, serials */
};

/* Primitives, for LO_CLASS(). */
enum witness_primitive {
	WITNESS_SLEEP_MUTEX = 1, /* "sleep mutex" */
	WITNESS_SPIN_MUTEX = 2, /* "spin mutex" */
	WITNESS_SX = 3, /* "sx": sleepable, shared and exclusive */
	WITNESS_RW = 4, /* "rw" */
	WITNESS_RM = 5, /* "rm" */
	WITNESS_LOCKMGR = 6 /* "lockmgr" */
};

#define LO_WITNESS 0x00020000u /* tracked at all; set by witness_init() unless LO_NOWITNESS */
#define LO_NOWITNESS 0x00000001u /* leave this lock alone: every call about it does nothing */
#define LO_RECURSABLE 0x00080000u /* its owner may take it again */
#define LO_SLEEPABLE 0x00100000u /* may be held across an unbounded sleep */
#define LO_UPGRADABLE 0x00200000u /* witness_upgrade() and _downgrade() are allowed */
#define LO_DUPOK 0x00400000u /* two locks of this type may be held at once */
#define LO_CLASSSHIFT 24
#define LO_CLASSMASK 0x0f000000u
#define LO_CLASS(primitive) ((uint32_t)(primitive) << LO_CLASSSHIFT)

/* Flags of one operation. */
#define LOP_NEWORDER 0x01u /* learn the order (every blocking acquisition) */
#define LOP_TRYLOCK 0x04u /* taken by a try-lock: makes no edge into itself */
#define LOP_EXCLUSIVE 0x08u /* else shared */
#define LOP_DUPOK 0x10u /* as LO_DUPOK, for this call */

#ifndef WITNESS_STUB

/*
 * A lock begins its life.  type NULL means lo_name.  Both strings are copied.
 * witness_init() supplies file and line, the place that tells origins apart;
 * a wrapper should pass on its own caller's.
 */
void witness_init_at(struct witness_lock_object *lo, const char *type, const char *file, int line);
#define witness_init(lo, type) witness_init_at((lo), (type), WITNESS_FILE, WITNESS_LINE)

/* The lock's life ends.  The object may be initialised again. */
void witness_destroy(struct witness_lock_object *lo);

/*
 * A type-stable lock (one that is initialised once and lent to one owner after
 * another) begins a new life under the same class and origin: a new generation,
 * and the present stack as its allocation stack where its class is observed.
 */
void witness_renew(struct witness_lock_object *lo);

/*
 * Before blocking for a lock: every order rule is checked, with LOP_NEWORDER
 * the order is learned.  interlock, or NULL, is a held lock that the wait will
 * drop atomically: it makes no order.
 */
void witness_checkorder(struct witness_lock_object *lo, unsigned flags, const char *file, int line,
    struct witness_lock_object *interlock);

/* After the lock was taken (or taken again by its owner). */
void witness_lock(struct witness_lock_object *lo, unsigned flags, const char *file, int line);

/* Before the lock is let go (or one level of recursion is). */
void witness_unlock(struct witness_lock_object *lo, unsigned flags, const char *file, int line);

/* A held lock became exclusive, or shared. */
void witness_upgrade(struct witness_lock_object *lo, unsigned flags, const char *file, int line);
void witness_downgrade(struct witness_lock_object *lo, unsigned flags, const char *file, int line);

/* The calling context holds the lock: 1 yes, -1 no, 0 not tracked. */
int witness_is_owned(const struct witness_lock_object *lo);

/*
 * Where a held lock was taken, to be carried across a wait that drops and
 * retakes it (condition variables, msleep).  The lock must be held.
 */
void witness_save(struct witness_lock_object *lo, const char **filep, int *linep);
void witness_restore(struct witness_lock_object *lo, const char *file, int line);

/*
 * Threads.  The creator asks for a token before it creates, the new thread
 * starts with it, who joins names it; so the tracker knows what cannot run at
 * the same time.  role is the start routine's address (threads of one role and
 * creation site are alike), name a label (copied), or NULL.  A token serves one
 * _start() and one _join().  A thread that never calls _start() is tracked too,
 * without a parent.
 */
uint64_t witness_thread_create(void);
void witness_thread_start(uint64_t token, const void *role, const char *name);
void witness_thread_join(uint64_t token);

/* The calling thread ends.  Optional: a thread's end is seen without it. */
void witness_thread_exit(void);

/*
 * CPUs.  Spin locks are held by a CPU, not by a thread: a scheduler that hands
 * a spin lock on across a context switch calls this in the thread that comes
 * to run, with the CPU's number (0 to 1023), or -1 for none.  A thread that was
 * never bound holds its spin locks itself.  At most one thread a CPU at a time.
 */
void witness_cpu_bind(int cpu);

/* The calling CPU (or unbound thread) enters or leaves a critical section; they nest. */
void witness_critical_enter(void);
void witness_critical_exit(void);

#else /* WITNESS_STUB */

static inline void
witness_init_at(struct witness_lock_object *lo, const char *type, const char *file, int line)
{
	(void)lo;
	(void)type;
	(void)file;
	(void)line;
}
#define witness_init(lo, type) witness_init_at((lo), (type), WITNESS_FILE, WITNESS_LINE)
static inline void
witness_destroy(struct witness_lock_object *lo)
{
	(void)lo;
}
static inline void
witness_renew(struct witness_lock_object *lo)
{
	(void)lo;
}
static inline void
witness_checkorder(struct witness_lock_object *lo, unsigned flags, const char *file, int line,
    struct witness_lock_object *interlock)
{
	(void)lo;
	(void)flags;
	(void)file;
	(void)line;
	(void)interlock;
}
static inline void
witness_lock(struct witness_lock_object *lo, unsigned flags, const char *file, int line)
{
	(void)lo;
	(void)flags;
	(void)file;
	(void)line;
}
static inline void
witness_unlock(struct witness_lock_object *lo, unsigned flags, const char *file, int line)
{
	(void)lo;
	(void)flags;
	(void)file;
	(void)line;
}
static inline void
witness_upgrade(struct witness_lock_object *lo, unsigned flags, const char *file, int line)
{
	(void)lo;
	(void)flags;
	(void)file;
	(void)line;
}
static inline void
witness_downgrade(struct witness_lock_object *lo, unsigned flags, const char *file, int line)
{
	(void)lo;
	(void)flags;
	(void)file;
	(void)line;
}
static inline int
witness_is_owned(const struct witness_lock_object *lo)
{
	(void)lo;
	return 0;
}
static inline void
witness_save(struct witness_lock_object *lo, const char **filep, int *linep)
{
	(void)lo;
	*filep = "";
	*linep = 0;
}
static inline void
witness_restore(struct witness_lock_object *lo, const char *file, int line)
{
	(void)lo;
	(void)file;
	(void)line;
}
static inline uint64_t
witness_thread_create(void)
{
	return 0;
}
static inline void
witness_thread_start(uint64_t token, const void *role, const char *name)
{
	(void)token;
	(void)role;
	(void)name;
}
static inline void
witness_thread_join(uint64_t token)
{
	(void)token;
}
static inline void
witness_thread_exit(void)
{
}
static inline void
witness_cpu_bind(int cpu)
{
	(void)cpu;
}
static inline void
witness_critical_enter(void)
{
}
static inline void
witness_critical_exit(void)
{
}

#endif /* WITNESS_STUB */

#ifdef __cplusplus
}
#endif

#endif /* WITNESS_H */
