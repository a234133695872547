/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.h - the system's list macros, with the safe walks that some hosts lack.   room: corpus/kern
 *
 * In a _SAFE walk the body may take the element out of the list, or free it.
 */
#ifndef KERN_QUEUE_H
#define KERN_QUEUE_H

#include <sys/queue.h>

#ifndef LIST_FIRST
#define LIST_FIRST(head) ((head)->lh_first)
#define LIST_NEXT(elm, field) ((elm)->field.le_next)
#define LIST_EMPTY(head) (LIST_FIRST(head) == NULL)
#endif

#ifndef LIST_FOREACH_SAFE
#define LIST_FOREACH_SAFE(var, head, field, next)                                                            \
	for ((var) = LIST_FIRST(head); (var) != NULL && ((next) = LIST_NEXT(var, field), 1); (var) = (next))
#endif

#ifndef SLIST_FOREACH_SAFE
#define SLIST_FOREACH_SAFE(var, head, field, next)                                                           \
	for ((var) = SLIST_FIRST(head); (var) != NULL && ((next) = SLIST_NEXT(var, field), 1); (var) = (next))
#endif

#ifndef STAILQ_FOREACH_SAFE
#define STAILQ_FOREACH_SAFE(var, head, field, next)                                                          \
	for ((var) = STAILQ_FIRST(head); (var) != NULL && ((next) = STAILQ_NEXT(var, field), 1);             \
	     (var) = (next))
#endif

#ifndef TAILQ_FOREACH_SAFE
#define TAILQ_FOREACH_SAFE(var, head, field, next)                                                           \
	for ((var) = TAILQ_FIRST(head); (var) != NULL && ((next) = TAILQ_NEXT(var, field), 1); (var) = (next))
#endif

#endif
