/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store_schema.c - schema.sql, carried in the binary.          room: report
 *
 * The assembler reads the file, from the top of the tree, where everything is built.
 */
#include "store_schema.h"

__asm__(".section .rodata\n"
	".globl rep_store_schema\n"
	".type rep_store_schema, @object\n"
	"rep_store_schema:\n"
	".incbin \"report/schema.sql\"\n"
	".byte 0\n"
	".size rep_store_schema, . - rep_store_schema\n"
	".text\n");
