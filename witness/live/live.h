/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * live.h - the runtime of one process.                        room: witness/live
 *
 * One engine (core/check.h) serves the process; one struct wit_thread serves
 * each thread and hangs on the one thread-local pointer, wit_self.  What the
 * engine and this file's process-wide tables hold changes only under the engine
 * lock; what a thread's state holds, only by its thread.
 *
 * Phases    NEW -> STARTING -> ON -> ENDED, or -> OFF (enabled=0, or a forked
 *           child).  Whoever comes first, constructor or call, starts it.
 * Entering  every slow function is bracketed by wit_thread_enter() and _leave():
 *           what is called between them by the same thread (from a signal
 *           handler, an interposed function) does nothing.
 * errno     kept by the exported functions, not by those of this header.
 * Memory    the arena grows by mmap(2); malloc and stdio are never called.
 */
#ifndef WIT_LIVE_H
#define WIT_LIVE_H

#include "core/check.h"
#include "core/options.h"
#include "core/state.h"
#include "witness.h"

#define WIT_LIKELY(x) __builtin_expect(!!(x), 1)
#define WIT_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define WIT_API __attribute__((visibility("default")))
#define WIT_COLD __attribute__((noinline, cold))

/*
 * One context's held list, summed lazily: held.key and held.instances cover the
 * entries below `summed`, saved[] what they were before each of those.  A lock
 * that nothing nests in is never summed at all.  Deeper than WIT_HELD_INLINE all are.
 */
struct wit_list {
	struct wit_held held;
	uint32_t summed;
	uint32_t critical; /* nesting of critical sections */
	struct {
		uint64_t key, instances;
	} saved[WIT_HELD_INLINE];
};

/*
 * Depth 1: one request as its thread has seen it.  held is the sum of the held
 * lists' two words; the asked lock's tool word names its life, so equal words
 * are the same request.  hits are acquisitions that the dependency's own count
 * does not have yet.
 */
struct wit_seen {
	uint64_t held, tool; /* tool 0: free */
	const char *file;
	uint64_t how; /* line above, LOP_* below */
	uint32_t dependency, hits;
	uint64_t spare[3];
};

#define WIT_SEEN_SLOTS 128u

/*
 * The mode word of a thread.  Exactly WIT_PATH_ALIVE: the plain path.  0: the
 * memory was wiped, this is a forked child; or nobody's state.
 */
#define WIT_PATH_ALIVE 0x01u
#define WIT_PATH_CPU 0x02u /* bound: two lists */
#define WIT_PATH_DEEP 0x04u /* the list has left its first place */
#define WIT_PATH_NAMELESS 0x08u /* no thread id yet */
#define WIT_PATH_OBSERVED 0x10u /* some class is observed */
#define WIT_PATH_STACKS 0x20u /* stacks=all */
#define WIT_PATH_STATE 0x40u /* there is a mirror */
#define WIT_PATH_INSIDE 0x80u /* within the tracker */
#define WIT_PATH_OFF 0x100u
/* Nearly plain: nothing to be recorded, but the lists take a longer look. */
#define WIT_PATH_IS_QUIET(mode) (((mode) & ~(WIT_PATH_CPU | WIT_PATH_DEEP)) == WIT_PATH_ALIVE)

/* The plain path's words lie together: mode to cpu, the list's head, and its entries on a line of their own. */
struct wit_thread {
	uint32_t id; /* 0: nameless */
	uint32_t os_id;
	uint32_t index; /* in the pool */
	uint32_t rounds; /* of thread-specific destructors */
	uint64_t acquired_before; /* mine.held.serial when the present identity began */
	uint64_t cpu_serial; /* the CPU's serial when it was bound */
	uint64_t spun; /* acquisitions on CPUs that it has left */
	struct wit_state_slot *slot; /* NULL: no mirror, or no room in it */
	struct wit_thread *next; /* of all */
	struct wit_thread *next_gone; /* of those whose thread has ended */
	uint32_t mode; /* WIT_PATH_* */
	uint32_t segment;
	struct wit_list *spin; /* where its spin locks go: its own list, or its CPU's */
	struct wit_list *cpu; /* NULL: not bound */
	struct wit_list mine;
	struct wit_seen seen[WIT_SEEN_SLOTS];
	struct wit_walk walk;
	char text[4096]; /* console lines on their way out */
} __attribute__((aligned(64)));

/* Never NULL: a thread without a state has nobody's, whose mode is 0. */
extern __thread struct wit_thread *wit_self __attribute__((tls_model("initial-exec"), visibility("hidden")));

enum wit_phase { WIT_NEW = 0, WIT_STARTING, WIT_ON, WIT_ENDED, WIT_OFF };

/* A place of initialisation, as seen: its strings are copies. */
struct wit_birth {
	const char *type, *name, *file;
	uint32_t line, primitive, origin;
};

/* Kept for each origin, by its id. */
struct wit_tally {
	_Atomic uint64_t lives;
	uint64_t nested; /* blocking acquisitions that nested, filled at the end */
	bool observed;
};

extern struct wit_thread wit_nobody __attribute__((visibility("hidden")));

/* The calling thread's own state, or NULL. */
static inline struct wit_thread *
wit_thread_mine(void)
{
	return (wit_self == &wit_nobody ? NULL : wit_self);
}

struct wit_process {
	_Atomic int phase;
	_Atomic uint32_t starter; /* kernel id of the thread that starts it */
	volatile uint32_t *alive; /* 1; wiped to 0 in a forked child */
	uint32_t path; /* WIT_PATH_* that a thread starts with */
	struct wit_arena arena;
	struct wit_engine engine;
	struct wit_options options;
	uint8_t run_id[16];
	char run_hex[33];
	char program[1024]; /* path of the executable */
	uint32_t pid;
	_Atomic uint32_t generation; /* the last given to any lock */
	_Atomic uint64_t lives;
	_Atomic uint64_t forks; /* children made: none is followed */
	struct wit_table births, tallies; /* api.c: places of initialisation; by origin */
	struct wit_index by_birth;
	struct wit_table dependency_origin; /* by dependency id: the origin asked for */
	struct wit_thread *threads; /* all states ever made */
	struct wit_list *_Atomic cpu[1024];
};

extern struct wit_process wit_process __attribute__((visibility("hidden")));

/* ---- process.c ---- */

/* Starts the runtime if nobody has: true when it is on and this is not a forked child. */
bool wit_process_start(char **envp);
static inline bool
wit_process_on(void)
{
	return (atomic_load_explicit(&wit_process.phase, memory_order_acquire) == WIT_ON &&
		*wit_process.alive != 0);
}
/* Zeroed pages for the runtime, touched, wiped in forked children where asked; NULL. */
void *wit_process_pages(size_t size, bool wipe);
/* This is a forked child: nothing is tracked in it. */
void wit_process_forked(void);

/* ---- lock.c: the engine lock ---- */

/*
 * Serialises the engine.  A futex with priority inheritance (the owner's kernel
 * id in the word), or a plain one where the kernel has no such; not recursive.
 * All signals, the C library's own too, are blocked by the raw system call
 * while it is held: no handler runs on top of the engine.
 */
void wit_engine_lock(void);
/* Also hands console text that became pending to the console, after the lock is let go. */
void wit_engine_unlock(void);
bool wit_engine_held(void); /* by anybody: for assertions */
#define WIT_ASSERT_ENGINE() ((void)(wit_engine_held() || (__builtin_trap(), 0)))
void wit_engine_lock_init(void);

/* ---- thread.c ---- */

/* The calling thread's state, marked inside; NULL: nothing is to be done now.  named: it needs a thread id. */
struct wit_thread *wit_thread_enter(bool named);
static inline void
wit_thread_leave(struct wit_thread *t)
{
	t->mode &= ~WIT_PATH_INSIDE;
}
int wit_thread_init(void);
/* Adds what the thread's cache counted to the dependencies, and empties it. */
void wit_thread_drain(struct wit_thread *t);
/* Acquisitions under its present identity. */
uint64_t wit_thread_acquired(const struct wit_thread *t);
/* The record that its present identity ends.  Engine lock. */
void wit_thread_put_end(const struct wit_thread *t);

static inline struct wit_holding
wit_thread_holding(const struct wit_thread *t)
{
	struct wit_holding holding = {
	    .list = {&t->mine.held, t->cpu != NULL ? &t->cpu->held : NULL}, .skip = NULL};

	return (holding);
}

/* ---- slow.c: every call that the plain path does not answer ---- */

struct wit_call {
	struct witness_lock_object *lo;
	const char *file;
	unsigned flags; /* LOP_* */
	int line;
	const void *frame; /* the API function's frame address, of witness_lock() */
	const void *from; /* its return address */
	struct witness_lock_object *interlock;
};

void wit_slow_checkorder(const struct wit_call *call);
void wit_slow_lock(const struct wit_call *call);
void wit_slow_unlock(const struct wit_call *call);
void wit_slow_mode(const struct wit_call *call, enum wit_op op);
/* A life of a lock began or ended: recorded where its class is observed. */
void wit_slow_life(struct witness_lock_object *lo, const void *from, bool ended, bool renewed);

/* ---- stack.c ---- */

int wit_stack_init(void);
/*
 * The calling thread's stack, from the frame that will return to `from` on;
 * modules that are new are recorded.  Not with the engine lock held.
 */
void wit_stack_walk(struct wit_walk *walk, const void *from);
/* Sees to it that the module of this code address is known.  Not with the engine lock held. */
void wit_stack_meet(const void *address);
/* WIT_FRAME() word of an address; module 0 where no known module has it.  May be called at any time. */
uint64_t wit_stack_frame(const void *address);
uint64_t wit_frame_of(void *owner, const void *address); /* the same, as wit_sink.frame */
/* A module's path, or NULL.  Engine lock. */
const char *wit_stack_module(uint32_t id);

/* ---- sink.c: the run file ---- */

/* Opens the run file that the options name and writes its header: 0 or -errno, then everything is lost. */
int wit_sink_open(void);
/* wit_sink.put: engine lock. */
void *wit_sink_put(void *owner, const void *record, size_t length);
/* From here on records may use the space that was kept back. */
void wit_sink_last(void);
/* Lost and end records; the file is cut to its length.  Engine lock. */
void wit_sink_close(uint32_t threads, uint64_t engine_lost, uint64_t forks);

/* ---- state.c: the mirror ---- */

int wit_state_open(void);
/* The slot of the index-th thread state, or NULL. */
struct wit_state_slot *wit_state_slot(uint32_t index);
/* Rewrites the thread's slot: what it holds, and the lock it now waits for (or NULL). */
void wit_state_show(struct wit_thread *t, const struct wit_call *waiting);
void wit_state_leave(struct wit_thread *t);

/* ---- console.c ---- */

/* An alarm record passes: its lines become pending.  Engine lock. */
void wit_console_alarm(const void *record, size_t length);
/* Takes pending text, at most size bytes: its length.  Engine lock. */
size_t wit_console_take(char *text, size_t size);
bool wit_console_pending(void);
/* Writes to where the console is; never raises SIGPIPE.  Not with the engine lock held. */
void wit_console_write(const char *text, size_t n);
/* One line on standard error: "witness: " and up to four pieces. */
void wit_console_complain(const char *a, const char *b, const char *c, const char *d);

#endif
