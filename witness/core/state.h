/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.h - the state mirror: what each thread holds and waits for, now.   room: witness/core
 *
 * Memory shared with whoever wants to look (a memfd of the wrapper, or a file
 * beside the run file).  The process only ever writes it; after its death it is
 * its last word.  A header page, then slots of 256 bytes, one a thread; a slot
 * is reused when its thread has ended.  What does not fit is said in `more`.
 *
 * Threads   a slot is written by its thread alone, guarded by a sequence: odd
 *           while it changes.  A reader takes a slot whose sequence was even and the
 *           same before and after; of a dead process it takes odd ones too, marked.
 * Version   raise WIT_STATE_VERSION when a field moves.
 */
#ifndef WIT_STATE_H
#define WIT_STATE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define WIT_STATE_MAGIC "WITSTAT\n"
#define WIT_STATE_VERSION 1u
#define WIT_STATE_HEADER 4096u
#define WIT_STATE_HELD 8u

struct wit_state_header {
	char magic[8];
	uint32_t version;
	uint32_t pid;
	uint8_t run_id[16];
	_Atomic uint32_t slots; /* in use or once used */
	uint32_t room; /* slots that the mapping has */
};

struct wit_state_lock {
	uint64_t instance;
	uint32_t origin;
	uint32_t line; /* 0: site is a code address */
	uint64_t site; /* address of the file's name or of code, in the process */
};

struct wit_state_slot {
	_Atomic uint32_t sequence;
	uint32_t thread; /* id; 0: free */
	uint32_t os_id;
	uint16_t held; /* locks in lock[] */
	uint16_t more; /* held beyond those */
	struct wit_state_lock wait; /* instance 0: it waits for none */
	struct wit_state_lock lock[WIT_STATE_HELD]; /* oldest first */
	uint64_t spare[3];
};

_Static_assert(sizeof(struct wit_state_slot) == 256, "a slot is 256 bytes");

/* Slots that a mapping of `size` bytes has room for. */
static inline uint32_t
wit_state_room(size_t size)
{
	return (size <= WIT_STATE_HEADER
		    ? 0
		    : (uint32_t)((size - WIT_STATE_HEADER) / sizeof(struct wit_state_slot)));
}

#endif
