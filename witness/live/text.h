/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.h - lines without stdio.                               room: witness/live
 *
 * Puts text between at and end, which is never passed; what does not fit is cut.
 * No NUL is written.
 */
#ifndef WIT_TEXT_H
#define WIT_TEXT_H

#include <stdint.h>
#include <string.h>

struct wit_text {
	char *at, *end;
};

static inline void
wit_text_char(struct wit_text *out, char c)
{
	if (out->at < out->end)
		*out->at++ = c;
}

static inline void
wit_text_put(struct wit_text *out, const char *text)
{
	const size_t n = strlen(text), room = (size_t)(out->end - out->at);

	memcpy(out->at, text, n < room ? n : room);
	out->at += n < room ? n : room;
}

static inline void
wit_text_base(struct wit_text *out, uint64_t number, unsigned base)
{
	char digits[24];
	unsigned n = sizeof(digits);

	digits[--n] = '\0';
	do {
		digits[--n] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number != 0);
	wit_text_put(out, digits + n);
}

static inline void
wit_text_number(struct wit_text *out, uint64_t number)
{
	wit_text_base(out, number, 10);
}

/* As %p prints it. */
static inline void
wit_text_pointer(struct wit_text *out, uint64_t address)
{
	wit_text_put(out, "0x");
	wit_text_base(out, address, 16);
}

#endif
