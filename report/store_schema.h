/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store_schema.h - the text of schema.sql.                     room: report
 */
#ifndef REP_STORE_SCHEMA_H
#define REP_STORE_SCHEMA_H

extern const char rep_store_schema[];

#endif
