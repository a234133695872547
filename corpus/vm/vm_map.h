/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_map.h - what lies where in an address space.                      room: corpus/vm
 *
 * A map is a sorted list of entries, each a range of addresses backed by a range
 * of an object (or by nothing yet).  System maps (kernel_map and its submaps)
 * have a mutex, "system map"; user maps an sx, "user map", which is taken
 * exclusive for reading too.
 *
 * Threads   everything but vm_map_find(), _remove(), _lookup(), _create() and the
 *           vmspace calls wants the map locked.
 * Errors    KERN_* of vm_param.h.
 */
#ifndef VM_VM_MAP_H
#define VM_VM_MAP_H

#include "kern/mutex.h"
#include "kern/sx.h"
#include "vm/pmap.h"
#include "vm/vm.h"

struct vm_map_entry {
	struct vm_map_entry *prev, *next;
	struct vm_map_entry *left, *right; /* splay tree by address */
	vm_offset_t start, end;
	union {
		struct vm_object *vm_object; /* NULL: nothing yet */
		struct vm_map *sub_map;
	} object;
	vm_ooffset_t offset; /* into the object */
	u_int eflags;
	vm_prot_t protection, max_protection;
	int wired_count;
};

#define MAP_ENTRY_NOSYNC 0x0001
#define MAP_ENTRY_IS_SUB_MAP 0x0002
#define MAP_ENTRY_COW 0x0004
#define MAP_ENTRY_NEEDS_COPY 0x0008
#define MAP_ENTRY_NOFAULT 0x0010
#define MAP_ENTRY_USER_WIRED 0x0020

/* Flags of vm_map_insert() and vm_map_find(). */
#define MAP_NOFAULT 0x0004 /* object must be NULL: a fault there panics */

struct vm_map {
	struct vm_map_entry header; /* of the list; start and end are the map's bounds */
	struct sx lock; /* user maps: "user map" */
	struct mtx system_mtx; /* system maps: "system map" */
	int nentries;
	vm_size_t size; /* bytes mapped */
	u_int timestamp; /* ++ at each write lock */
	boolean_t needs_wakeup; /* kmem_alloc_wait() sleeps on the map */
	u_char system_map;
	struct vm_map_entry *root; /* of the splay tree */
	struct vm_map_entry *first_free; /* last entry before the first hole */
	struct pmap *pmap;
};

/* Its bounds. */
#define vm_map_min(map) ((map)->header.start)
#define vm_map_max(map) ((map)->header.end)

struct vmspace {
	struct vm_map vm_map;
	struct pmap vm_pmap;
	int vm_refcnt;
	u_int vm_id; /* stable */
	long vm_swrss;
};

#define vmspace_pmap(vm) (&(vm)->vm_pmap)

/* The tunables of that name: 0 takes the preallocation away. */
extern int vm_prealloc_kmapent, vm_prealloc_map;

void vm_map_startup(void); /* the zones MAP, KMAP ENTRY, MAP ENTRY */
void vm_init2(void); /* zones that grow in the kernel's maps: KMAP ENTRY's object, VMSPACE */

/* User-locked; the creator of a system map sets system_map before anybody sees it. */
struct vm_map *vm_map_create(struct pmap *pmap, vm_offset_t min, vm_offset_t max);
void vm_map_init(struct vm_map *map, vm_offset_t min, vm_offset_t max); /* the lock is made already */

/* object's reference is the entry's from now on; NULL: zero-filled at need. */
int vm_map_insert(struct vm_map *map, struct vm_object *object, vm_ooffset_t offset, vm_offset_t start,
    vm_offset_t end, vm_prot_t prot, vm_prot_t max, int cow);
/* Locks the map; with find_space from *addr on, else exactly there. */
int vm_map_find(struct vm_map *map, struct vm_object *object, vm_ooffset_t offset, vm_offset_t *addr,
    vm_size_t length, boolean_t find_space, vm_prot_t prot, vm_prot_t max, int cow);
int vm_map_findspace(
    struct vm_map *map, vm_offset_t start, vm_size_t length, vm_offset_t *addr); /* 0, or 1: no room */
/* TRUE: *entry holds address; FALSE: *entry is the one before it (or the header). */
boolean_t vm_map_lookup_entry(struct vm_map *map, vm_offset_t address, struct vm_map_entry **entry);
int vm_map_remove(struct vm_map *map, vm_offset_t start, vm_offset_t end);
int vm_map_delete(struct vm_map *map, vm_offset_t start, vm_offset_t end);
int vm_map_protect(struct vm_map *map, vm_offset_t start, vm_offset_t end, vm_prot_t new_prot);
int vm_map_submap(struct vm_map *map, vm_offset_t start, vm_offset_t end, struct vm_map *submap);
void vm_map_simplify_entry(struct vm_map *map, struct vm_map_entry *entry);
void _vm_map_clip_start(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t start);
void _vm_map_clip_end(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t end);
#define vm_map_clip_start(map, entry, va)                                                                    \
	do {                                                                                                 \
		if ((va) > (entry)->start)                                                                   \
			_vm_map_clip_start((map), (entry), (va));                                            \
	} while (0)
#define vm_map_clip_end(map, entry, va)                                                                      \
	do {                                                                                                 \
		if ((va) < (entry)->end)                                                                     \
			_vm_map_clip_end((map), (entry), (va));                                              \
	} while (0)

/*
 * For vm_fault(): the object and page behind vaddr.  On success the map (*var_map,
 * a submap when it went down into one) stays read-locked until vm_map_lookup_done().
 * Gives an entry without object one.
 */
int vm_map_lookup(struct vm_map **var_map, vm_offset_t vaddr, vm_prot_t fault_type,
    struct vm_map_entry **out_entry, struct vm_object **object, vm_pindex_t *pindex, vm_prot_t *out_prot,
    boolean_t *wired);
/* The same with the map locked already, never changing it: KERN_FAILURE where it would have to. */
int vm_map_lookup_locked(struct vm_map *map, vm_offset_t vaddr, vm_prot_t fault_type,
    struct vm_map_entry **out_entry, struct vm_object **object, vm_pindex_t *pindex, vm_prot_t *out_prot,
    boolean_t *wired);
void vm_map_lookup_done(struct vm_map *map, struct vm_map_entry *entry);

void _vm_map_lock(struct vm_map *map, const char *file, int line);
void _vm_map_unlock(struct vm_map *map, const char *file, int line);
void _vm_map_lock_read(struct vm_map *map, const char *file, int line);
void _vm_map_unlock_read(struct vm_map *map, const char *file, int line);
int _vm_map_trylock(struct vm_map *map, const char *file, int line);
int _vm_map_trylock_read(struct vm_map *map, const char *file, int line);
#define vm_map_lock(map) _vm_map_lock((map), LOCK_FILE, LOCK_LINE)
#define vm_map_unlock(map) _vm_map_unlock((map), LOCK_FILE, LOCK_LINE)
#define vm_map_lock_read(map) _vm_map_lock_read((map), LOCK_FILE, LOCK_LINE)
#define vm_map_unlock_read(map) _vm_map_unlock_read((map), LOCK_FILE, LOCK_LINE)
#define vm_map_trylock(map) _vm_map_trylock((map), LOCK_FILE, LOCK_LINE)
#define vm_map_trylock_read(map) _vm_map_trylock_read((map), LOCK_FILE, LOCK_LINE)

struct vmspace *vmspace_alloc(vm_offset_t min, vm_offset_t max);
void vmspace_free(struct vmspace *vm); /* drops a reference; the last one tears the address space down */

/* The map's lists, tree and counts.  One line a violation; returns how many. */
int vm_map_check(struct vm_map *map);

#endif
