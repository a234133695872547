/* SPDX-License-Identifier: BSD-2-Clause */
#include "command.h"

int
main(int argc, char **argv)
{
	return (rep_command_run(argc, argv));
}
