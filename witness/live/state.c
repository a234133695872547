/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.c - the mirror of what each thread holds and waits for (core/state.h).
 *
 * Written only.  A slot belongs to a thread state of the pool, by its index, and
 * is rewritten from the held lists whenever they change: they are short, and
 * only a process that has a mirror pays.
 *
 * A mirror has one writer.  An inherited descriptor is not handed on to programs
 * that this one executes, and a mirror whose writer still lives is refused.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "live/live.h"
#include "live/sys.h"

#define SLOTS 1024u /* of a mirror that we make ourselves */

static struct {
	struct wit_state_header *header;
	struct wit_state_slot *slot;
	uint32_t room;
} mirror;

/* A descriptor for state=PATH or state=@N, of the mirror's size; -errno. */
static long
open_mirror(const char *name, size_t *size, bool *ours)
{
	struct stat st;
	long fd = 0;

	*ours = name[0] != '@';
	if (*ours) {
		fd = wit_sys(SYS_openat, AT_FDCWD, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return (fd);
	} else {
		if (name[1] == '\0')
			return (-EBADF);
		for (name += 1; *name >= '0' && *name <= '9' && fd < 1 << 20; name++)
			fd = fd * 10 + (*name - '0');
		if (*name != '\0' || wit_sys(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC) != 0)
			return (-EBADF);
	}
	if (fstat((int)fd, &st) != 0)
		return (-EBADF);
	*size = (size_t)st.st_size;
	if (wit_state_room(*size) == 0) {
		*size = WIT_STATE_HEADER + SLOTS * sizeof(struct wit_state_slot);
		if (wit_sys(SYS_ftruncate, fd, *size) != 0)
			return (-EINVAL);
	}
	/* What is mapped must be there: a full disk is met here, not at a store. */
	if (wit_sys(SYS_fallocate, fd, 0, 0, *size) != 0)
		return (-ENOSPC);
	return (fd);
}

/* Another process that lives writes here. */
static bool
is_taken(const struct wit_state_header *header)
{
	return (memcmp(header->magic, WIT_STATE_MAGIC, sizeof(header->magic)) == 0 && header->pid != 0 &&
		header->pid != wit_process.pid && wit_sys(SYS_kill, header->pid, 0) != -ESRCH);
}

int
wit_state_open(void)
{
	const char *name = wit_process.options.state;
	size_t size = 0;
	bool ours = false;
	void *at;
	long fd;

	if (*name == '\0')
		return (-ENOENT);
	fd = open_mirror(name, &size, &ours);
	at = fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
	if (fd >= 0 && ours)
		wit_sys(SYS_close, fd);
	if (at == MAP_FAILED) {
		wit_console_complain("no state mirror in ", name, "", "");
		return (-ENOENT);
	}
	if (is_taken(at)) {
		wit_console_complain("the state mirror ", name, " is another process's", "");
		munmap(at, size);
		return (-EBUSY);
	}
	memset(at, 0, size);
	mirror.header = at;
	mirror.slot = (struct wit_state_slot *)((char *)at + WIT_STATE_HEADER);
	mirror.room = wit_state_room(size);
	mirror.header->version = WIT_STATE_VERSION;
	mirror.header->pid = wit_process.pid;
	mirror.header->room = mirror.room;
	memcpy(mirror.header->run_id, wit_process.run_id, sizeof(wit_process.run_id));
	memcpy(mirror.header->magic, WIT_STATE_MAGIC, sizeof(mirror.header->magic));
	return (0);
}

struct wit_state_slot *
wit_state_slot(uint32_t index)
{
	uint32_t slots;

	if (mirror.header == NULL || index >= mirror.room)
		return (NULL);
	slots = atomic_load_explicit(&mirror.header->slots, memory_order_relaxed);
	while (slots <= index && !atomic_compare_exchange_weak_explicit(&mirror.header->slots, &slots,
				     index + 1, memory_order_release, memory_order_relaxed))
		;
	return (&mirror.slot[index]);
}

static void
begin(struct wit_state_slot *slot)
{
	const uint32_t sequence = atomic_load_explicit(&slot->sequence, memory_order_relaxed);

	atomic_exchange_explicit(
	    &slot->sequence, sequence + 1, memory_order_acq_rel); /* before all that follows */
}

static void
end(struct wit_state_slot *slot)
{
	const uint32_t sequence = atomic_load_explicit(&slot->sequence, memory_order_relaxed);

	atomic_store_explicit(&slot->sequence, sequence + 1, memory_order_release);
}

static void
show_list(struct wit_state_slot *slot, const struct wit_list *list)
{
	for (uint32_t i = 0; i < list->held.count; i++) {
		const struct wit_held_entry *entry = &list->held.entry[i];

		if (slot->held == WIT_STATE_HELD) {
			slot->more++;
			continue;
		}
		slot->lock[slot->held++] = (struct wit_state_lock){.instance = entry->lock.instance,
		    .origin = entry->lock.origin,
		    .line = entry->site.line,
		    .site = (uintptr_t)entry->site.where};
	}
}

void
wit_state_show(struct wit_thread *t, const struct wit_call *waiting)
{
	struct wit_state_slot *slot = t->slot;

	if (slot == NULL)
		return;
	begin(slot);
	slot->thread = t->id;
	slot->os_id = t->os_id;
	slot->held = slot->more = 0;
	show_list(slot, &t->mine);
	if (t->cpu != NULL)
		show_list(slot, t->cpu);
	memset(&slot->wait, 0, sizeof(slot->wait));
	if (waiting != NULL)
		slot->wait = (struct wit_state_lock){.instance = (uintptr_t)waiting->lo,
		    .origin = (uint32_t)waiting->lo->lo_tool[0],
		    .line = (uint32_t)waiting->line,
		    .site = (uintptr_t)waiting->file};
	end(slot);
}

void
wit_state_leave(struct wit_thread *t)
{
	struct wit_state_slot *slot = t->slot;

	begin(slot);
	slot->thread = 0;
	slot->held = slot->more = 0;
	memset(&slot->wait, 0, sizeof(slot->wait));
	end(slot);
}
