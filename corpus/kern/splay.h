/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * splay.h - self-adjusting search trees over nodes with `left` and `right`.   room: corpus/kern
 *
 * Top-down splay (Sleator and Tarjan 1985).  SPLAY_DEFINE(name, type, key,
 * BEFORE, AFTER) makes type *name(key, root): the node of this key, or a
 * neighbour of where it would be, comes to the root.  BEFORE(k, node) and
 * AFTER(k, node) say on which side of a node the key lies.
 *
 * Memory    the caller's nodes; none of its own.  Threads: the tree's lock.
 */
#ifndef KERN_SPLAY_H
#define KERN_SPLAY_H

/*
 * One step towards the key's side, `near` (left or right): rotate when it lies on that side of the
 * child too, then hang the root on the tree of what lies on the other side.
 */
#define SPLAY_STEP(key, root, y, LIES, near, far, rest)                                                      \
	if (((y) = (root)->near) == NULL)                                                                    \
		break;                                                                                       \
	if (LIES(key, y)) {                                                                                  \
		(root)->near = (y)->far;                                                                     \
		(y)->far = (root);                                                                           \
		(root) = (y);                                                                                \
		if (((y) = (root)->near) == NULL)                                                            \
			break;                                                                               \
	}                                                                                                    \
	(rest)->near = (root);                                                                               \
	(rest) = (root);                                                                                     \
	(root) = (y)

#define SPLAY_DEFINE(name, type, key_type, BEFORE, AFTER)                                                    \
	type *name(key_type key, type *root)                                                                 \
	{                                                                                                    \
		type ends, *less = &ends, *more = &ends, *y;                                                 \
                                                                                                             \
		if (root == NULL)                                                                            \
			return (NULL);                                                                       \
		ends.left = ends.right = NULL;                                                               \
		for (;;) {                                                                                   \
			if (BEFORE(key, root)) {                                                             \
				SPLAY_STEP(key, root, y, BEFORE, left, right, more);                         \
			} else if (AFTER(key, root)) {                                                       \
				SPLAY_STEP(key, root, y, AFTER, right, left, less);                          \
			} else {                                                                             \
				break;                                                                       \
			}                                                                                    \
		}                                                                                            \
		less->right = root->left;                                                                    \
		more->left = root->right;                                                                    \
		root->left = ends.right;                                                                     \
		root->right = ends.left;                                                                     \
		return (root);                                                                               \
	}

#endif
