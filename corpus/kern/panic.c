/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * panic.c - the console, and the ways a machine can die.              room: corpus/kern
 *
 * Standard output is the kernel's console and carries no address, so that two
 * runs can be compared byte by byte.  What is said at a death goes to standard
 * error: the text, the stack of who died, and what every thread waits for and holds.
 */
#include <execinfo.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kern/kern_int.h"

void
kprintf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

static const char *
state_name(const struct thread *td)
{
	switch (td->td_state) {
	case TDS_RUNNING:
		return ("running");
	case TDS_RUNQ:
		return ("runnable");
	case TDS_EXITED:
		return ("exited");
	case TDS_LOCK:
		return (td->td_blocked->lock_object.lo_name);
	default:
		return (td->td_wmesg != NULL ? td->td_wmesg : "?");
	}
}

/* What each thread waits for, and holds. */
static void
show_threads(void)
{
	const struct thread *td;
	const struct proc *p;

	TAILQ_FOREACH (p, &allproc, p_list) {
		td = &p->p_thread;
		fprintf(stderr, "  pid %d (%s) %s", p->p_pid, p->p_comm, state_name(td));
		if (td->td_state == TDS_LOCK && td->td_blocked->mtx_owner != NULL)
			fprintf(stderr, " of pid %d", td->td_blocked->mtx_owner->td_proc->p_pid);
		for (int i = 0; i < td->td_nheld; i++)
			fprintf(stderr, "%s %s @ %s:%d", i == 0 ? ", holds" : ",",
			    td->td_held[i].li_lock->lo_name, td->td_held[i].li_file, td->td_held[i].li_line);
		fputc('\n', stderr);
	}
}

/* A machine that died by its own hand says so and stays as it is. */
void
panic(const char *fmt, ...)
{
	char text[sizeof(((struct machine_report *)NULL)->text)];
	void *frame[40];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fflush(stdout);
	fprintf(stderr, "panic: %s\n", text);
	if (curthread == NULL)
		abort(); /* no machine: the harness itself is wrong */
	fprintf(stderr, "cpu %d, pid %d (%s)\n", curthread->td_oncpu, curproc->p_pid, curproc->p_comm);
	backtrace_symbols_fd(frame, backtrace(frame, nitems(frame)), STDERR_FILENO);
	show_threads();
	machine_halt(MACHINE_PANIC, text);
}

void
machine_die(enum machine_outcome outcome, const char *text)
{
	fflush(stdout);
	fprintf(stderr, "%s\n", text);
	show_threads();
	machine_halt(outcome, text);
}
