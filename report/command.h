/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command.h - the `witness` command, but for its main().       room: report
 */
#ifndef REP_COMMAND_H
#define REP_COMMAND_H

/* Runs the command line and returns its exit status. */
int rep_command_run(int argc, char **argv);

#endif
