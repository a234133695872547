/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_map.c - maps: entries in order, found by splay tree, and vmspaces.
 *
 * 1 A system map's lock is a mutex, so nothing under it may sleep: its entries
 *   come with M_NOWAIT from a zone of their own that grows inside a reserved
 *   object (a page of kmem_map would need an entry).  Until vm_init2() sets that
 *   object the zone lives on what was preallocated at boot.
 * 2 A user map's lock is an sx, and entries of user maps may wait for memory.
 *   Readers take it exclusively too.
 * 3 timestamp counts the write locks.  Who let the map go and has it again, and
 *   finds the timestamp unchanged, need not look anything up again.
 * 4 An entry without an object is a promise of zeroes: the first fault, or the
 *   first cut through it, gives it an object.  Not in system maps, which nobody
 *   faults on.
 * 5 first_free is a hint: there is no hole before its end.
 * 6 A range is unmapped from the pmap before its object goes: freed pages are
 *   mapped nowhere.
 * 7 vmspaces come with their pmap made, from a zone that never gives memory back;
 *   tearing an address space down leaves the pmap empty and ready.
 */
#include "vm/vm_map.h"
#include "kern/sleepqueue.h"
#include "kern/sysctl.h"
#include "kern/splay.h"
#include "vm/swap_pager.h"
#include "vm/uma.h"
#include "vm/vm_extern.h"
#include "vm/vm_kern.h"
#include "vm/vm_object.h"
#include "vm/vm_page.h"
#include "vm/vm_pageout.h"

SYSCTL_SWITCH_INT(vm_prealloc_kmapent, "vm.prealloc_kmapent", 1, 0, 0, 1,
    "1: KMAP ENTRY items are set aside before the zone gets its object");
SYSCTL_SWITCH_INT(vm_prealloc_map, "vm.prealloc_map", 1, 0, 0, 1, "1: MAP items are set aside at boot");

#define MAX_KMAP 10
#define MAX_KMAPENT 128

static uma_zone_t mapzone, kmapentzone, mapentzone, vmspace_zone;
static struct vm_object kmapentobj;
static u_int vmspace_next_id = 1;

/* ---------------------------------------------------------------- zones */

static void
map_zinit(struct vm_map *map)
{
	mtx_init(&map->system_mtx, "system map", NULL, MTX_DEF | MTX_DUPOK);
	sx_init(&map->lock, "user map");
}

static void
map_zdtor(const struct vm_map *map)
{
	KASSERT(map->nentries == 0, ("map nentries == %d on free.", map->nentries));
	KASSERT(map->size == 0, ("map size == %lu on free.", (u_long)map->size));
}

static void
vm_map_zinit(void *mem, int size)
{
	memset(mem, 0, (size_t)size);
	map_zinit(mem);
}

static void
vm_map_zdtor(void *mem, int size, void *arg)
{
	(void)size;
	(void)arg;
	map_zdtor(mem);
}

static void
vmspace_zinit(void *mem, int size)
{
	struct vmspace *vm = mem;

	memset(vm, 0, (size_t)size);
	map_zinit(&vm->vm_map);
	pmap_pinit(vmspace_pmap(vm));
}

static void
vmspace_zfini(void *mem, int size)
{
	struct vmspace *vm = mem;

	(void)size;
	pmap_release(vmspace_pmap(vm));
	sx_destroy(&vm->vm_map.lock);
	mtx_destroy(&vm->vm_map.system_mtx);
}

static void
vmspace_zdtor(void *mem, int size, void *arg)
{
	struct vmspace *vm = mem;

	(void)size;
	(void)arg;
	map_zdtor(&vm->vm_map);
	KASSERT(vm->vm_pmap.pm_stats.resident_count == 0,
	    ("vmspace %u freed with %ld pages mapped", vm->vm_id, vm->vm_pmap.pm_stats.resident_count));
}

void
vm_map_startup(void)
{
	mapzone = uma_zcreate("MAP", sizeof(struct vm_map), NULL, vm_map_zdtor, vm_map_zinit, NULL,
	    UMA_ALIGN_PTR, UMA_ZONE_NOFREE);
	if (vm_prealloc_map)
		uma_prealloc(mapzone, MAX_KMAP);
	kmapentzone = uma_zcreate("KMAP ENTRY", sizeof(struct vm_map_entry), NULL, NULL, NULL, NULL,
	    UMA_ALIGN_PTR, UMA_ZONE_MTXCLASS | UMA_ZONE_VM);
	if (vm_prealloc_kmapent)
		uma_prealloc(kmapentzone, MAX_KMAPENT);
	mapentzone =
	    uma_zcreate("MAP ENTRY", sizeof(struct vm_map_entry), NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
}

void
vm_init2(void)
{
	/* As many as kmem_map can have pieces, were it all holes: a machine this small may get there. */
	if (!uma_zone_set_obj(kmapentzone, &kmapentobj, cnt.v_page_count))
		panic("vm_init2: no KVA for map entries");
	vmspace_zone = uma_zcreate("VMSPACE", sizeof(struct vmspace), NULL, vmspace_zdtor, vmspace_zinit,
	    vmspace_zfini, UMA_ALIGN_PTR, UMA_ZONE_NOFREE);
	pmap_init2();
}

/* ---------------------------------------------------------------- locks */

void
_vm_map_lock(struct vm_map *map, const char *file, int line)
{
	if (map->system_map)
		_mtx_lock(&map->system_mtx, 0, file, line);
	else
		_sx_xlock(&map->lock, file, line);
	map->timestamp++;
}

void
_vm_map_unlock(struct vm_map *map, const char *file, int line)
{
	if (map->system_map)
		_mtx_unlock(&map->system_mtx, file, line);
	else
		_sx_xunlock(&map->lock, file, line);
}

void
_vm_map_lock_read(struct vm_map *map, const char *file, int line)
{
	if (map->system_map)
		_mtx_lock(&map->system_mtx, 0, file, line);
	else
		_sx_xlock(&map->lock, file, line);
}

void
_vm_map_unlock_read(struct vm_map *map, const char *file, int line)
{
	_vm_map_unlock(map, file, line);
}

int
_vm_map_trylock_read(struct vm_map *map, const char *file, int line)
{
	if (map->system_map)
		return (_mtx_trylock(&map->system_mtx, file, line));
	return (_sx_try_xlock(&map->lock, file, line));
}

int
_vm_map_trylock(struct vm_map *map, const char *file, int line)
{
	int taken = _vm_map_trylock_read(map, file, line);

	if (taken)
		map->timestamp++;
	return (taken);
}

static void
map_assert_locked(const struct vm_map *map)
{
	if (map->system_map)
		mtx_assert(&map->system_mtx, MA_OWNED);
	else
		sx_assert(&map->lock, SX_XLOCKED);
}

/* ---------------------------------------------------------------- entries */

static void
map_init_fields(struct vm_map *map, vm_offset_t min, vm_offset_t max)
{
	map->header.next = map->header.prev = &map->header;
	map->header.start = min;
	map->header.end = max;
	map->nentries = 0;
	map->size = 0;
	map->timestamp = 0;
	map->needs_wakeup = FALSE;
	map->system_map = 0;
	map->root = NULL;
	map->first_free = &map->header;
}

void
vm_map_init(struct vm_map *map, vm_offset_t min, vm_offset_t max)
{
	map_init_fields(map, min, max);
}

struct vm_map *
vm_map_create(struct pmap *pmap, vm_offset_t min, vm_offset_t max)
{
	struct vm_map *map = uma_zalloc(mapzone, M_WAITOK);

	map_init_fields(map, min, max);
	map->pmap = pmap;
	return (map);
}

static struct vm_map_entry *
vm_map_entry_create(struct vm_map *map)
{
	struct vm_map_entry *entry =
	    map->system_map ? uma_zalloc(kmapentzone, M_NOWAIT) : uma_zalloc(mapentzone, M_WAITOK);

	if (entry == NULL)
		panic("vm_map_entry_create: kernel resources exhausted");
	return (entry);
}

static void
vm_map_entry_dispose(struct vm_map *map, struct vm_map_entry *entry)
{
	uma_zfree(map->system_map ? kmapentzone : mapentzone, entry);
}

/* An entry holds its whole range. */
#define ADDRESS_BEFORE(key, entry) ((key) < (entry)->start)
#define ADDRESS_AFTER(key, entry) ((key) >= (entry)->end)
static SPLAY_DEFINE(vm_map_entry_splay, struct vm_map_entry, vm_offset_t, ADDRESS_BEFORE, ADDRESS_AFTER)

    static void vm_map_entry_link(struct vm_map *map, struct vm_map_entry *after, struct vm_map_entry *entry)
{
	map->nentries++;
	entry->prev = after;
	entry->next = after->next;
	entry->next->prev = entry;
	after->next = entry;
	if (after == &map->header) {
		entry->right = map->root;
		entry->left = NULL;
	} else {
		if (after != map->root)
			map->root = vm_map_entry_splay(after->start, map->root);
		entry->right = after->right;
		entry->left = after;
		after->right = NULL;
	}
	map->root = entry;
	if (map->first_free == after &&
	    (after == &map->header ? vm_map_min(map) : after->end) >= entry->start)
		map->first_free = entry;
}

static void
vm_map_entry_unlink(struct vm_map *map, struct vm_map_entry *entry)
{
	struct vm_map_entry *root;

	if (entry != map->root)
		map->root = vm_map_entry_splay(entry->start, map->root);
	KASSERT(map->root == entry, ("vm_map_entry_unlink: entry not in its map"));
	if (entry->left == NULL) {
		root = entry->right;
	} else {
		root = vm_map_entry_splay(entry->start, entry->left);
		root->right = entry->right;
	}
	map->root = root;
	if (map->first_free != &map->header && map->first_free->start >= entry->start)
		map->first_free = entry->prev;
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
	map->nentries--;
}

boolean_t
vm_map_lookup_entry(struct vm_map *map, vm_offset_t address, struct vm_map_entry **entry)
{
	struct vm_map_entry *cur;

	map_assert_locked(map);
	cur = map->root = vm_map_entry_splay(address, map->root);
	if (cur == NULL) {
		*entry = &map->header;
		return (FALSE);
	}
	*entry = address >= cur->start ? cur : cur->prev;
	return (address >= cur->start && address < cur->end);
}

/* ---------------------------------------------------------------- insertion */

static boolean_t
entry_is_anonymous(const struct vm_map_entry *entry)
{
	return (entry->object.vm_object != kernel_object && entry->object.vm_object != kmem_object);
}

/* Can the entry before simply grow to end?  Only over a promise of zeroes.  Then it did. */
static boolean_t
grow_previous(struct vm_map *map, struct vm_map_entry *prev, vm_offset_t start, vm_offset_t end,
    vm_prot_t prot, vm_prot_t max, u_int eflags)
{
	if (prev == &map->header || prev->end != start || prev->eflags != eflags || prev->wired_count != 0 ||
	    prev->protection != prot || prev->max_protection != max || !entry_is_anonymous(prev))
		return (FALSE);
	if (!vm_object_coalesce(prev->object.vm_object, prev->offset, prev->end - prev->start, end - start))
		return (FALSE);
	map->size += end - prev->end;
	prev->end = end;
	return (TRUE);
}

int
vm_map_insert(struct vm_map *map, struct vm_object *object, vm_ooffset_t offset, vm_offset_t start,
    vm_offset_t end, vm_prot_t prot, vm_prot_t max, int cow)
{
	struct vm_map_entry *prev, *entry;
	u_int eflags = (cow & MAP_NOFAULT) ? MAP_ENTRY_NOFAULT : 0;

	map_assert_locked(map);
	KASSERT(
	    object == NULL || (cow & MAP_NOFAULT) == 0, ("vm_map_insert: paradoxical MAP_NOFAULT request"));
	if (start < vm_map_min(map) || end > vm_map_max(map) || start >= end)
		return (KERN_INVALID_ADDRESS);
	if (vm_map_lookup_entry(map, start, &prev))
		return (KERN_NO_SPACE);
	if (prev->next != &map->header && prev->next->start < end)
		return (KERN_NO_SPACE);
	if (object != NULL) {
		VM_OBJECT_LOCK(object);
		if (object->ref_count > 1 || object->shadow_count != 0)
			vm_object_clear_flag(object, OBJ_ONEMAPPING);
		VM_OBJECT_UNLOCK(object);
	} else if (grow_previous(map, prev, start, end, prot, max, eflags)) {
		vm_map_simplify_entry(map, prev);
		return (KERN_SUCCESS);
	}
	entry = vm_map_entry_create(map);
	memset(entry, 0, sizeof(*entry));
	entry->start = start;
	entry->end = end;
	entry->eflags = eflags;
	entry->object.vm_object = object;
	entry->offset = offset;
	entry->protection = prot;
	entry->max_protection = max;
	vm_map_entry_link(map, prev, entry);
	map->size += end - start;
	vm_map_simplify_entry(map, entry);
	return (KERN_SUCCESS);
}

int
vm_map_findspace(struct vm_map *map, vm_offset_t start, vm_size_t length, vm_offset_t *addr)
{
	struct vm_map_entry *entry;

	map_assert_locked(map);
	if (start < vm_map_min(map))
		start = vm_map_min(map);
	if (start > vm_map_max(map))
		return (1);
	if (start == vm_map_min(map)) {
		entry = map->first_free;
		if (entry != &map->header)
			start = entry->end;
	} else if (vm_map_lookup_entry(map, start, &entry)) {
		start = entry->end;
	}
	for (;;) {
		vm_offset_t end = start + length;

		if (end > vm_map_max(map) || end < start)
			return (1);
		entry = entry->next;
		if (entry == &map->header || entry->start >= end)
			break;
		start = entry->end;
	}
	*addr = start;
	return (0);
}

int
vm_map_find(struct vm_map *map, struct vm_object *object, vm_ooffset_t offset, vm_offset_t *addr,
    vm_size_t length, boolean_t find_space, vm_prot_t prot, vm_prot_t max, int cow)
{
	vm_offset_t start = *addr;
	int result;

	vm_map_lock(map);
	if (find_space) {
		if (vm_map_findspace(map, start, length, addr)) {
			vm_map_unlock(map);
			return (KERN_NO_SPACE);
		}
		start = *addr;
	}
	result = vm_map_insert(map, object, offset, start, start + length, prot, max, cow);
	vm_map_unlock(map);
	return (result);
}

/* ---------------------------------------------------------------- joining and cutting */

static boolean_t
entries_join(const struct vm_map_entry *a, const struct vm_map_entry *b)
{
	if ((a->eflags | b->eflags) & MAP_ENTRY_IS_SUB_MAP)
		return (FALSE);
	return (a->end == b->start && a->object.vm_object == b->object.vm_object &&
		(a->object.vm_object == NULL || a->offset + (vm_ooffset_t)(a->end - a->start) == b->offset) &&
		a->eflags == b->eflags && a->protection == b->protection &&
		a->max_protection == b->max_protection && a->wired_count == b->wired_count);
}

void
vm_map_simplify_entry(struct vm_map *map, struct vm_map_entry *entry)
{
	struct vm_map_entry *other;

	other = entry->prev;
	if (other != &map->header && entries_join(other, entry)) {
		vm_map_entry_unlink(map, other);
		entry->start = other->start;
		entry->offset = other->offset;
		vm_object_deallocate(other->object.vm_object);
		vm_map_entry_dispose(map, other);
	}
	other = entry->next;
	if (other != &map->header && entries_join(entry, other)) {
		vm_map_entry_unlink(map, other);
		entry->end = other->end;
		vm_object_deallocate(other->object.vm_object);
		vm_map_entry_dispose(map, other);
	}
}

static void
entry_give_object(struct vm_map_entry *entry)
{
	entry->object.vm_object = vm_object_allocate(OBJT_DEFAULT, atop(entry->end - entry->start));
	entry->offset = 0;
}

/* A second entry like this one, with a reference of its own. */
static struct vm_map_entry *
entry_split(struct vm_map *map, struct vm_map_entry *entry)
{
	struct vm_map_entry *new_entry;

	KASSERT((entry->eflags & MAP_ENTRY_IS_SUB_MAP) == 0, ("vm_map: cut through a submap"));
	if (entry->object.vm_object == NULL && !map->system_map)
		entry_give_object(entry);
	new_entry = vm_map_entry_create(map);
	*new_entry = *entry;
	vm_object_reference(new_entry->object.vm_object);
	return (new_entry);
}

void
_vm_map_clip_start(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t start)
{
	struct vm_map_entry *new_entry = entry_split(map, entry);

	new_entry->end = start;
	entry->offset += (vm_ooffset_t)(start - entry->start);
	entry->start = start;
	vm_map_entry_link(map, entry->prev, new_entry);
}

void
_vm_map_clip_end(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t end)
{
	struct vm_map_entry *new_entry = entry_split(map, entry);

	new_entry->start = entry->end = end;
	new_entry->offset += (vm_ooffset_t)(end - entry->start);
	vm_map_entry_link(map, entry, new_entry);
}

int
vm_map_submap(struct vm_map *map, vm_offset_t start, vm_offset_t end, struct vm_map *submap)
{
	struct vm_map_entry *entry;
	int result = KERN_INVALID_ARGUMENT;

	vm_map_lock(map);
	if (vm_map_lookup_entry(map, start, &entry)) {
		vm_map_clip_start(map, entry, start);
		vm_map_clip_end(map, entry, end);
		if (entry->start == start && entry->end == end && entry->object.vm_object == NULL) {
			entry->object.sub_map = submap;
			entry->eflags |= MAP_ENTRY_IS_SUB_MAP;
			result = KERN_SUCCESS;
		}
	}
	vm_map_unlock(map);
	return (result);
}

/* ---------------------------------------------------------------- protection, removal */

int
vm_map_protect(struct vm_map *map, vm_offset_t start, vm_offset_t end, vm_prot_t new_prot)
{
	struct vm_map_entry *entry;

	map_assert_locked(map);
	if (!vm_map_lookup_entry(map, start, &entry))
		return (KERN_INVALID_ADDRESS);
	for (struct vm_map_entry *e = entry; e != &map->header && e->start < end; e = e->next) {
		if (e->eflags & MAP_ENTRY_IS_SUB_MAP)
			return (KERN_INVALID_ARGUMENT);
		if ((new_prot & e->max_protection) != new_prot)
			return (KERN_PROTECTION_FAILURE);
	}
	vm_map_clip_start(map, entry, start);
	for (; entry != &map->header && entry->start < end; entry = entry->next) {
		vm_prot_t old_prot;

		vm_map_clip_end(map, entry, end);
		old_prot = entry->protection;
		entry->protection = new_prot;
		if ((old_prot & ~new_prot) != 0)
			pmap_protect(map->pmap, entry->start, entry->end, new_prot);
		vm_map_simplify_entry(map, entry);
	}
	return (KERN_SUCCESS);
}

/* Out of the map, and its part of the object given up. */
static void
vm_map_entry_delete(struct vm_map *map, struct vm_map_entry *entry)
{
	struct vm_object *object = entry->object.vm_object;
	vm_pindex_t first, end;

	vm_map_entry_unlink(map, entry);
	map->size -= entry->end - entry->start;
	if ((entry->eflags & MAP_ENTRY_IS_SUB_MAP) == 0 && object != NULL) {
		first = OFF_TO_IDX(entry->offset);
		end = first + atop(entry->end - entry->start);
		VM_OBJECT_LOCK(object);
		if (object->ref_count != 1 &&
		    ((object->flags & (OBJ_NOSPLIT | OBJ_ONEMAPPING)) == OBJ_ONEMAPPING ||
			object == kernel_object || object == kmem_object)) {
			vm_object_page_remove(object, first, end, FALSE);
			if (object->type == OBJT_SWAP)
				swap_pager_freespace(object, first, end - first);
			if (entry_is_anonymous(entry) && end >= object->size && first < object->size)
				object->size = first;
		}
		VM_OBJECT_UNLOCK(object);
		vm_object_deallocate(object);
	}
	vm_map_entry_dispose(map, entry);
}

KERN_NOINLINE int
vm_map_delete(struct vm_map *map, vm_offset_t start, vm_offset_t end)
{
	struct vm_map_entry *entry, *next;

	map_assert_locked(map);
	if (vm_map_lookup_entry(map, start, &entry))
		vm_map_clip_start(map, entry, start);
	else
		entry = entry->next;
	for (; entry != &map->header && entry->start < end; entry = next) {
		vm_map_clip_end(map, entry, end);
		next = entry->next;
		if (entry->wired_count != 0) {
			vm_fault_unwire(map, entry->start, entry->end);
			entry->wired_count = 0;
		}
		if ((entry->eflags & MAP_ENTRY_IS_SUB_MAP) == 0)
			pmap_remove(map->pmap, entry->start, entry->end);
		vm_map_entry_delete(map, entry);
	}
	return (KERN_SUCCESS);
}

int
vm_map_remove(struct vm_map *map, vm_offset_t start, vm_offset_t end)
{
	int result;

	vm_map_lock(map);
	if (start < vm_map_min(map))
		start = vm_map_min(map);
	if (end > vm_map_max(map))
		end = vm_map_max(map);
	result = vm_map_delete(map, start, end);
	vm_map_unlock(map);
	return (result);
}

/* ---------------------------------------------------------------- what a fault asks */

/* Map locked.  may_change: the entry may get its object. */
static int
lookup_in_map(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t vaddr, vm_prot_t fault_type,
    boolean_t may_change)
{
	if ((fault_type & entry->protection) != fault_type)
		return (KERN_PROTECTION_FAILURE);
	if (entry->object.vm_object == NULL && !map->system_map) {
		if (!may_change)
			return (KERN_FAILURE);
		map->timestamp++;
		entry_give_object(entry);
	}
	KASSERT(vaddr >= entry->start && vaddr < entry->end, ("vm_map_lookup: address outside its entry"));
	return (KERN_SUCCESS);
}

static void
lookup_result(struct vm_map_entry *entry, vm_offset_t vaddr, struct vm_map_entry **out_entry,
    struct vm_object **object, vm_pindex_t *pindex, vm_prot_t *out_prot, boolean_t *wired)
{
	*out_entry = entry;
	*object = entry->object.vm_object;
	*pindex = OFF_TO_IDX((vm_ooffset_t)(vaddr - entry->start) + entry->offset);
	*out_prot = entry->protection;
	*wired = entry->wired_count != 0;
}

int
vm_map_lookup(struct vm_map **var_map, vm_offset_t vaddr, vm_prot_t fault_type,
    struct vm_map_entry **out_entry, struct vm_object **object, vm_pindex_t *pindex, vm_prot_t *out_prot,
    boolean_t *wired)
{
	struct vm_map *map = *var_map;
	struct vm_map_entry *entry;
	int result;

	for (;;) {
		vm_map_lock_read(map);
		if (!vm_map_lookup_entry(map, vaddr, &entry)) {
			vm_map_unlock_read(map);
			return (KERN_INVALID_ADDRESS);
		}
		if ((entry->eflags & MAP_ENTRY_IS_SUB_MAP) == 0)
			break;
		*var_map = entry->object.sub_map;
		vm_map_unlock_read(map);
		map = *var_map;
	}
	result = lookup_in_map(map, entry, vaddr, fault_type, TRUE);
	if (result != KERN_SUCCESS) {
		vm_map_unlock_read(map);
		return (result);
	}
	lookup_result(entry, vaddr, out_entry, object, pindex, out_prot, wired);
	return (KERN_SUCCESS);
}

int
vm_map_lookup_locked(struct vm_map *map, vm_offset_t vaddr, vm_prot_t fault_type,
    struct vm_map_entry **out_entry, struct vm_object **object, vm_pindex_t *pindex, vm_prot_t *out_prot,
    boolean_t *wired)
{
	struct vm_map_entry *entry;
	int result;

	if (!vm_map_lookup_entry(map, vaddr, &entry))
		return (KERN_INVALID_ADDRESS);
	if (entry->eflags & MAP_ENTRY_IS_SUB_MAP)
		return (KERN_FAILURE);
	result = lookup_in_map(map, entry, vaddr, fault_type, FALSE);
	if (result == KERN_SUCCESS)
		lookup_result(entry, vaddr, out_entry, object, pindex, out_prot, wired);
	return (result);
}

void
vm_map_lookup_done(struct vm_map *map, struct vm_map_entry *entry)
{
	(void)entry;
	vm_map_unlock_read(map);
}

/* ---------------------------------------------------------------- vmspaces */

struct vmspace *
vmspace_alloc(vm_offset_t min, vm_offset_t max)
{
	struct vmspace *vm = uma_zalloc(vmspace_zone, M_WAITOK);

	witness_renew(&vm->vm_map.lock.lock_object);
	witness_renew(&vm->vm_map.system_mtx.lock_object);
	witness_renew(&vm->vm_pmap.pm_mtx.lock_object);
	map_init_fields(&vm->vm_map, min, max);
	vm->vm_map.pmap = vmspace_pmap(vm);
	vm->vm_refcnt = 1;
	vm->vm_swrss = 0;
	vm->vm_id = __atomic_fetch_add(&vmspace_next_id, 1, __ATOMIC_RELAXED);
	return (vm);
}

void
vmspace_free(struct vmspace *vm)
{
	struct vm_map *map = &vm->vm_map;

	if (vm->vm_refcnt <= 0)
		panic("vmspace_free: attempt to free already freed vmspace");
	if (__atomic_sub_fetch(&vm->vm_refcnt, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	vm_map_lock(map);
	(void)vm_map_delete(map, vm_map_min(map), vm_map_max(map));
	vm_map_unlock(map);
	uma_zfree(vmspace_zone, vm);
}

int
vm_mmap_anon(struct vmspace *vm, vm_offset_t *addr, vm_size_t size, vm_prot_t prot)
{
	boolean_t anywhere = *addr == 0;

	if (size == 0 || (*addr & PAGE_MASK) != 0)
		return (KERN_INVALID_ARGUMENT);
	return (vm_map_find(&vm->vm_map, NULL, 0, addr, round_page(size), anywhere, prot, VM_PROT_ALL, 0));
}

int
vm_munmap(struct vmspace *vm, vm_offset_t addr, vm_size_t size)
{
	if (size == 0 || (addr & PAGE_MASK) != 0)
		return (KERN_INVALID_ARGUMENT);
	return (vm_map_remove(&vm->vm_map, addr, addr + round_page(size)));
}

/* ---------------------------------------------------------------- conservation */

static int
map_violation(const char *what)
{
	kprintf("C5 map: %s\n", what);
	return (1);
}

int
vm_map_check(struct vm_map *map)
{
	struct vm_map_entry *entry, *found;
	vm_offset_t last = vm_map_min(map);
	vm_size_t size = 0;
	int n = 0, bad = 0;

	vm_map_lock(map);
	for (entry = map->header.next; entry != &map->header; entry = entry->next) {
		n++;
		size += entry->end - entry->start;
		if (entry->start < last || entry->end <= entry->start || entry->end > vm_map_max(map))
			bad += map_violation("entries overlap, or lie outside");
		last = entry->end;
		if (entry->next->prev != entry)
			bad += map_violation("list broken");
		if (!vm_map_lookup_entry(map, entry->start, &found) || found != entry)
			bad += map_violation("an entry is in the list but not in the tree");
		if (map->first_free != &map->header && entry->prev != &map->header &&
		    entry->start <= map->first_free->start && entry->prev->end != entry->start)
			bad += map_violation("a hole before first_free");
	}
	if (n != map->nentries)
		bad += map_violation("nentries is wrong");
	if (size != map->size)
		bad += map_violation("size is wrong");
	vm_map_unlock(map);
	return (bad);
}
