/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * console.c - alarms in WITNESS's lines, as they happen.
 *
 * The sink sees every record pass; an alarm's lines are made here, while the
 * engine lock makes its names safe to read, and become pending.  They are
 * written after the lock is let go: a console that blocks must not block the
 * engine, nor a signal that is to end the process.  SIGPIPE alone is blocked then, so that
 * one that is ours can be taken back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "live/live.h"
#include "live/sys.h"
#include "live/text.h"

static struct {
	char text[16384];
	_Atomic uint32_t length;
} pending;

bool
wit_console_pending(void)
{
	return (atomic_load_explicit(&pending.length, memory_order_relaxed) != 0);
}

size_t
wit_console_take(char *text, size_t size)
{
	const uint32_t have = atomic_load_explicit(&pending.length, memory_order_relaxed);
	const uint32_t n = have < size ? have : (uint32_t)size;

	WIT_ASSERT_ENGINE();
	memcpy(text, pending.text, n);
	memmove(pending.text, pending.text + n, have - n);
	atomic_store_explicit(&pending.length, have - n, memory_order_relaxed);
	return (n);
}

/* ---- writing ---- */

/* All of it, or as much as the descriptor takes without an error. */
static void
write_all(int fd, const char *text, size_t n)
{
	const uint64_t pipe = (uint64_t)1 << (SIGPIPE - 1);
	const struct timespec none = {0, 0};
	uint64_t mask = 0, before = 0;
	long done = 0;

	wit_sys(SYS_rt_sigprocmask, SIG_BLOCK, &pipe, &mask, sizeof(mask));
	wit_sys(SYS_rt_sigpending, &before, sizeof(before));
	while (n > 0) {
		done = wit_sys(SYS_write, fd, text, n);
		if (done == -EINTR)
			continue;
		if (done <= 0)
			break;
		text += done;
		n -= (size_t)done;
	}
	if (done == -EPIPE && (before & pipe) == 0)
		wit_sys(SYS_rt_sigtimedwait, &pipe, NULL, &none, sizeof(pipe));
	wit_sys(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

void
wit_console_write(const char *text, size_t n)
{
	const char *to = wit_process.options.console;
	long fd;

	if (strcmp(to, "stderr") == 0) {
		write_all(2, text, n);
		return;
	}
	fd = wit_sys(SYS_openat, AT_FDCWD, to, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return;
	write_all((int)fd, text, n);
	wit_sys(SYS_close, fd);
}

void
wit_console_complain(const char *a, const char *b, const char *c, const char *d)
{
	char line[1024];
	struct wit_text out = {.at = line, .end = line + sizeof(line) - 1};

	wit_text_put(&out, "witness: ");
	wit_text_put(&out, a);
	wit_text_put(&out, b);
	wit_text_put(&out, c);
	wit_text_put(&out, d);
	*out.at++ = '\n';
	write_all(2, line, (size_t)(out.at - line));
}

/* ---- an alarm's lines ---- */

/* "module+0xoffset", or the bare address where no module is known. */
static void
put_frame(struct wit_text *out, uint64_t frame)
{
	const char *path = wit_stack_module(WIT_FRAME_MODULE(frame)), *name;

	if (path != NULL) {
		name = strrchr(path, '/');
		wit_text_put(out, name != NULL ? name + 1 : path);
		wit_text_put(out, "+");
	}
	wit_text_pointer(out, WIT_FRAME_OFFSET(frame));
}

static void
put_site(struct wit_text *out, uint32_t id)
{
	const struct wit_site *site;

	wit_text_put(out, " @ ");
	if (id == 0) {
		wit_text_put(out, "?");
		return;
	}
	site = &wit_class_site_at(&wit_process.engine.names, id)->raw;
	if (site->line == 0) {
		put_frame(out, wit_stack_frame(site->where));
		return;
	}
	wit_text_put(out, site->where);
	wit_text_put(out, ":");
	wit_text_number(out, site->line);
}

/* " 1st 0x... name (type) @ file:line"; short: " 1st name @ file:line", as WITNESS does where the headline has the type. */
static void
put_line(struct wit_text *out, unsigned place, const struct wit_rec_alarm_line *line, bool brief)
{
	static const char *const ordinal[] = {" 1st ", " 2nd ", " 3rd "};
	const struct wit_origin *origin = wit_class_origin_at(&wit_process.engine.names, line->origin);

	if (place < 3) {
		wit_text_put(out, ordinal[place]);
	} else {
		wit_text_put(out, " ");
		wit_text_number(out, place + 1);
		wit_text_put(out, "th ");
	}
	if (!brief) {
		wit_text_pointer(out, line->instance);
		wit_text_put(out, " ");
	}
	wit_text_put(out, origin->name);
	if (!brief) {
		wit_text_put(out, " (");
		wit_text_put(out, wit_class_at(&wit_process.engine.names, origin->class)->name);
		wit_text_put(out, ")");
	}
	put_site(out, line->site);
	wit_text_put(out, "\n");
}

static void
put_headline(struct wit_text *out, const struct wit_rec_alarm *alarm, const struct wit_rec_alarm_line *line,
    bool brief)
{
	const struct wit_finding_info *info = wit_finding_info(alarm->kind);
	const struct wit_names *names = &wit_process.engine.names;

	wit_text_put(out, info != NULL ? info->headline : "alarm");
	if (brief && alarm->lines > 0) {
		wit_text_put(out, ": \"");
		wit_text_put(out, wit_class_at(names, wit_class_origin_at(names, line->origin)->class)->name);
		wit_text_put(out, "\"");
	}
	wit_text_put(out, "\n");
}

static void
put_stack(struct wit_text *out, uint32_t id)
{
	const struct wit_kept_stack *stack;

	wit_text_put(out, "stack backtrace:\n");
	if (id == 0)
		return;
	stack = wit_class_stack_at(&wit_process.engine.names, id);
	for (uint32_t i = 0; i < stack->count; i++) {
		wit_text_put(out, "#");
		wit_text_number(out, i);
		wit_text_put(out, " ");
		put_frame(out, stack->frame[i]);
		wit_text_put(out, "\n");
	}
}

void
wit_console_alarm(const void *record, size_t length)
{
	const uint32_t have = atomic_load_explicit(&pending.length, memory_order_relaxed);
	struct wit_text out = {.at = pending.text + have, .end = pending.text + sizeof(pending.text)};
	const struct wit_rec_alarm *alarm = (const void *)((const char *)record + sizeof(struct wit_rec));
	const struct wit_rec_alarm_line *line = (const void *)(alarm + 1);
	const bool brief = alarm->kind == WIT_FINDING_DUPLICATE;

	if (strcmp(wit_process.options.console, "none") == 0)
		return;
	if (length < sizeof(struct wit_rec) + sizeof(*alarm) + alarm->lines * sizeof(*line))
		return;
	put_headline(&out, alarm, line, brief);
	for (unsigned i = 0; i < alarm->lines; i++)
		put_line(&out, i, &line[i], brief);
	put_stack(&out, alarm->stack);
	if (out.at == out.end) /* cut: say so */
		memcpy(out.end - 5, "\n...\n", 5);
	atomic_store_explicit(&pending.length, (uint32_t)(out.at - pending.text), memory_order_relaxed);
}
